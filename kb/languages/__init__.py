"""Languages: of documents, chunks and queries, and vectors without them.

``documents``  what a document says of its language, else what its text looks like
``scripts``    in which script a text is written, and which languages are written in it
``chunks``     a chunk's language: its document's, another where it is written otherwise
``queries``    a query's: a mix where that cannot be told, none for codes, numbers and names
``neutral``    the mean of a language taken out of vectors; what a search works with
``questions``  our own questions, answers and other sentences in many languages
``shipped``    the means of the default model
``trial``      whether a language's means help a model; figures
"""
