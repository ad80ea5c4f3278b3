"""Complete plans become packages for the chart, and packages are checked."""
