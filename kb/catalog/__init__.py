"""The catalog: everything that SQLite holds, behind methods named after what callers do.

``catalog``      Catalog: opens the file, gives states and changes
``state``        State and Change, put together of the parts below
``collections``  ``making``: collections; made, and put in each other's place
``documents``    ``chunks`` ``sources`` ``tags`` ``runs``: what is known of each
``versions``     what a search sees: here a chunk becomes visible, and stops being so
``hidden``       what is left to be done after a change or a crash
``keywords``     the keyword index of each collection
``language_means`` what vectors of a language have in common
``filters``      ``clauses``: conditions of a search, and how they become SQL
``jobs``         ``job_changes`` ``job_records`` ``job_rows``: the queue of ingestion
``overview``     counts over all documents of a collection
``rows``         ``labels`` ``numbers``: between rows and values
``connections``  ``transactions`` ``in_place``: the file itself
``migrations/``  one step for each version of the file
"""
