"""The catalog: everything in SQLite, behind methods named after their purpose.

``catalog``      Catalog: opens the file, yields states and changes
``state``        State and Change, composed of the parts below
``collections``  ``making``: collections; created, and replaced by others
``documents``    ``chunks`` ``sources`` ``tags`` ``runs``: their records
``versions``     visibility: here a chunk becomes visible, and invisible again
``hidden``       the work that is left after a change or a crash
``keywords``     the keyword index of each collection
``language_means`` the mean vectors of languages
``filters``      ``clauses``: filters of searches, and their SQL
``jobs``         ``job_changes`` ``job_records`` ``job_rows``: the queue of ingestion
``overview``     counts over all documents of a collection
``rows``         ``labels`` ``numbers``: conversion between rows and values
``connections``  ``transactions`` ``in_place``: the file itself
``migrations/``  one step for each version of the file
"""
