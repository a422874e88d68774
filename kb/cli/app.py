"""The ``kb`` command: searches, lists, removes, and maintains the knowledge base."""

from __future__ import annotations

import typer

from kb.cli import (
    agents,
    asking,
    collections,
    documents,
    evaluation,
    folders,
    ingesting,
    jobs,
    keys,
    migrating,
    models,
    reading,
    reembedding,
    refining,
    searching,
    serving,
    upkeep,
)
from kb.cli.common import options
from kb.cli.question_command import QuestionCommand

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A local knowledge base. Fill it with `kb ingest FOLDER`, then search it.",
)
app.add_typer(collections.app, name="collections")
app.add_typer(evaluation.app, name="eval")
app.add_typer(folders.app, name="folders")
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.command(cls=QuestionCommand)(asking.ask)
app.command()(reembedding.reembed)
app.command()(refining.refine)
app.command()(migrating.migrate)
app.command()(serving.serve)
app.command()(agents.mcp)
app.callback()(options)


app.command(context_settings=ingesting.ALL_OF_INGEST, add_help_option=False)(ingesting.ingest)
app.command(cls=QuestionCommand)(searching.search)
app.command()(reading.get)
app.command()(documents.documents)
app.command()(documents.tag)
app.command()(documents.remove)
app.command()(documents.runs)
app.command()(upkeep.export)
app.command("import")(upkeep.import_)
app.command()(upkeep.compact)
app.command()(upkeep.doctor)
app.command()(serving.ui)
