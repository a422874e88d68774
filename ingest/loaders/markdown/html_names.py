"""HTML's names: its elements, void elements, and attributes."""

from __future__ import annotations

ELEMENTS = frozenset(
    (  # noqa: SIM905 - a hundred quoted words say less
        "a abbr acronym address applet area article aside audio b base basefont bdi bdo big "
        "blockquote body br button canvas caption center cite code col colgroup data datalist dd "
        "del details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form "
        "frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd "
        "label legend li link listing main map mark marquee math menu meta meter nav nobr noembed "
        "noframes noscript object ol optgroup option output p param picture plaintext pre progress "
        "q rp rt ruby s samp script search section select slot small source span strike strong "
        "style sub summary sup svg table tbody td template textarea tfoot th thead time title tr "
        "track tt u ul var video wbr xmp"
    ).split(),
)
VOID = frozenset(
    (  # noqa: SIM905 - as above
        "area base basefont br col embed frame hr img input link meta param source track wbr"
    ).split(),
)
BARE_VOID = frozenset({"br", "hr", "wbr"})
"""Elements that are used without an attribute: ``<source>`` alone is somebody's name for a file."""

ENDED_BY = {
    **dict.fromkeys(("li",), ("ul", "ol", "menu", "dir")),
    **dict.fromkeys(("dt", "dd"), ("dl",)),
    **dict.fromkeys(
        ("caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "td", "th"), ("table",)
    ),
    **dict.fromkeys(("option", "optgroup"), ("select", "datalist")),
    **dict.fromkeys(("rt", "rp"), ("ruby",)),
}
"""Elements with an optional end tag, and the elements that end them."""

UNENDED = frozenset({"p", *ENDED_BY})
"""Elements that need no end tag."""

FOREIGN = frozenset({"svg", "math", "script", "style"})
"""Elements that contain names from outside HTML."""

ATTRIBUTES = frozenset(
    (  # noqa: SIM905 - as above
        "abbr accept accept-charset accesskey action align alink allow allowfullscreen alt archive "
        "async autocapitalize autocomplete autofocus autoplay axis background bgcolor border "
        "bordercolor cellpadding cellspacing char charoff charset checked cite class classid clear "
        "code codebase codetype color cols colspan compact content contenteditable controls coords "
        "crossorigin data datetime declare decoding default defer dir dirname disabled download "
        "draggable enctype enterkeyhint face fetchpriority for form formaction formenctype "
        "formmethod formnovalidate formtarget frame frameborder headers height hidden high href "
        "hreflang hspace http-equiv id inert inputmode integrity is ismap itemid itemprop itemref "
        "itemscope itemtype kind label lang language link list loading longdesc loop low "
        "marginheight marginwidth max maxlength media method min minlength multiple muted name "
        "nohref nomodule nonce noresize noshade novalidate nowrap object open optimum part pattern "
        "ping placeholder playsinline popover poster preload profile prompt readonly "
        "referrerpolicy rel required rev reversed role rows rowspan rules sandbox scheme scope "
        "scrolling selected shape size sizes slot span spellcheck src srcdoc srclang srcset "
        "standby start step style summary tabindex target text title translate type typemustmatch "
        "usemap valign value valuetype version vlink vspace width wrap xmlns"
    ).split(),
)
SWITCHES = frozenset(
    (  # noqa: SIM905 - as above
        "allowfullscreen async autofocus autoplay checked controls default defer disabled hidden "
        "inert ismap itemscope loop multiple muted nomodule noshade novalidate nowrap open "
        "playsinline readonly required reversed selected"
    ).split(),
)
"""Attributes that are written without a value."""
