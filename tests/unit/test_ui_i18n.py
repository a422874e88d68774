"""Both languages say the same things, and nothing is said that is in neither."""

import json
import re
import string
from pathlib import Path

import pytest

from kb.languages.documents import _LANGUAGE_OF, _identifier
from ui.i18n import preferred, texts, translate
from ui.shared import size_text

UI = Path(__file__).parents[2] / "ui"
LITERAL = re.compile(r"""\b(?:t\(|translate\(language,)\s*["']([\w.]+)["']""")
MADE = re.compile(r"""\bt\(\s*f"([^"{]+)\{""")
BY_CODE = re.compile(r"""\b(?:_label|by_code)\(\s*["'](\w+)["']""")
CHOSEN = re.compile(r"""\bt\("([\w.]+)" if [^)]* else "([\w.]+)"\)""")


def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in UI.rglob("*.py"))


def test_both_languages_have_the_same_texts() -> None:
    assert texts("en").keys() == texts("zh").keys()


def test_both_languages_fill_in_the_same_values() -> None:
    def fields(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    for key, english in texts("en").items():
        # A form for one thing may spell the number out.
        assert fields(texts("zh")[key]) - {"n"} == fields(english) - {"n"}, key


def test_every_text_used_exists() -> None:
    used = set(LITERAL.findall(sources()))
    used |= {key for pair in CHOSEN.findall(sources()) for key in pair}
    assert len(used) > 80
    assert used - texts("en").keys() == set()


def test_every_text_is_used() -> None:
    code = sources()
    used = set(LITERAL.findall(code)) | {key for pair in CHOSEN.findall(code) for key in pair}
    prefixes = tuple(MADE.findall(code)) + tuple(f"{kind}." for kind in BY_CODE.findall(code))
    unused = {
        key
        for key in texts("en")
        if key.removesuffix(".one") not in used and not key.startswith(prefixes)
    }
    assert unused == set()


def test_sizes_are_in_units_of_1024_and_called_so() -> None:
    assert [size_text(1 << bits) for bits in (0, 10, 20, 30)] == [
        "1 B",
        "1.0 KiB",
        "1.0 MiB",
        "1.0 GiB",
    ]
    said = {**texts("en"), **{f"{key} (zh)": text for key, text in texts("zh").items()}}
    assert [key for key, text in said.items() if re.search(r"[}\d] [KMG]B\b", text)] == []
    assert re.findall(r"""[} ][KMG]B["'`]""", sources()) == []


def test_chinese_texts_are_chinese() -> None:
    # Names of things that are the same everywhere.
    neutral = {
        "duplicates.share",
        "export.aside",
        "export.comma",
        "fact.python",
        "hit.citation",
        "hit.origin",
        "list.comma",
        "list.noted",
        "list.pair",
    }
    han = re.compile("[\u4e00-\u9fff]")
    assert {key for key, text in texts("zh").items() if not han.search(text)} == neutral


def test_chinese_texts_have_chinese_punctuation() -> None:
    half = re.compile("[\u4e00-\u9fff] ?[,;:!?()]|[,;:!?()] ?[\u4e00-\u9fff]")
    tight = re.compile("[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]")
    chinese = texts("zh").items()
    assert {key: text for key, text in chinese if half.search(text) or tight.search(text)} == {}


def test_one_thing_has_one_chinese_name() -> None:
    # Other words for 搜索, 向量化, 删除, 提示, 编目数据库, 评测 and 导入, 原文件.
    others = re.compile("检索|嵌入|向量服务器|移除文档|备注|目录|运行记录|原件")
    allowed = {"notice.objects_not_read"}  # objects that are embedded in a file
    assert {key for key, text in texts("zh").items() if others.search(text)} == allowed


def test_files_are_sorted_so_that_changes_read_well() -> None:
    for name in ("en.json", "zh.json"):
        keys = list(json.loads((UI / "i18n" / name).read_text(encoding="utf-8")))
        assert keys == sorted(keys)


def test_one_thing_has_its_own_form() -> None:
    assert translate("en", "table.count", n=1) == "One document"
    assert translate("en", "table.count", n=2) == "2 documents"
    assert translate("zh", "table.count", n=2) == "2 个文档"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB", "en"),
        ("zh-TW", "zh"),
        ("de-DE,de;q=0.9,zh;q=0.5,en;q=0.3", "zh"),
        ("fr", "en"),
        ("en;q=0.2,zh;q=x", "en"),
        ("", "en"),
    ],
)
def test_the_browsers_languages_decide(accepted: str, language: str) -> None:
    assert preferred(accepted) == language


def test_reasons_and_notices_of_the_loaders_are_translated() -> None:
    from ingest import errors  # noqa: PLC0415 - light, unlike the package's other names

    codes = {
        error.code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.LoadError)
    }
    assert {f"reason.{code}" for code in codes} <= texts("zh").keys()
    loaders = Path(errors.__file__).parent / "loaders"
    code = "\n".join(path.read_text(encoding="utf-8") for path in loaders.glob("*.py"))
    noticed = set(re.findall(r'Notice\(\s*code="(\w+)"', code))
    noticed |= set(re.findall(r'\bsay\(\s*"(\w+)"', code))
    assert {f"notice.{code}" for code in noticed} <= texts("zh").keys()


def test_every_language_that_a_text_can_be_in_has_a_name() -> None:
    codes = set(_identifier().labels) | set(_LANGUAGE_OF.values()) - {""}
    assert len(codes) > 100
    assert not sorted(code for code in codes if f"language.{code}" not in texts("en"))
