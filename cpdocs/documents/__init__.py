"""Values to HTML to PDF: letters, plans, covers, certificate pages, with their page marks and signature boxes."""
