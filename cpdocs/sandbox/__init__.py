"""Strangers' bytes are parsed in confined children: started, limited, answered by values alone."""
