"""Languages: of documents, chunks and queries, and vectors without them.

``documents``  a document's language, by its own statement, else by its text
``scripts``    the script of a text, and the languages written in it
``chunks``     a chunk's language: its document's, or another for another script
``queries``    a query's languages: a mix if unclear, none for codes, numbers and names
``neutral``    vectors without the mean of their language, for searches
``questions``  our own questions, answers and other sentences in many languages
``shipped``    the means of the default model
``trial``      measures whether a language's means help a model
"""
