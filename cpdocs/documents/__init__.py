"""Values to HTML to PDF: letters, plans, covers, certificate pages, with their page marks and signature boxes."""

from cpdocs.documents.shared_libraries import start_no_compiler

start_no_compiler()
