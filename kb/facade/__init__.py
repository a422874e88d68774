"""The public methods of KnowledgeBase, by subject."""
