"""The proof format: layout, documents, the receipt as a projection, sealing."""
