"""Pictures of a page: reads some by OCR, and counts the unread ones."""
