"""How do documents get into the store from the command line?"""

from pathlib import Path
from typing import Annotated

import typer

from duepost.cli_context import DONE_WITH_PROBLEMS, UNREACHABLE, settings
from duepost.errors import InvalidSend
from duepost.terminal import err, out

document_app = typer.Typer(no_args_is_help=True, help="Documents: what sends deliver.")


@document_app.command("add")
def document_add(files: Annotated[list[Path], typer.Argument(help="PDF, XML, PNG, JPEG or TIFF files.")]) -> None:
    """Put documents into the store; sends name them by what this prints.

    Example: duepost document add 1001.pdf
    """
    store = settings().store
    refused = False
    for file in files:
        try:
            stored = store.put(file)
        except InvalidSend as wrong:
            refused = True
            err.print(f"{file}: {wrong}", markup=False, highlight=False, soft_wrap=True)
        except OSError as trouble:
            err.print(f"the document store, DUEPOST_DOCUMENTS, cannot be written ({trouble.strerror or trouble})")
            raise typer.Exit(UNREACHABLE) from None
        else:
            line = f"sha256:{stored.sha256.hex()}  {stored.media_type}  {stored.size}"
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    if refused:
        raise typer.Exit(DONE_WITH_PROBLEMS)
