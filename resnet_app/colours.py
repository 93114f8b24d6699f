"""Every colour that stands for something: the page's, the charts', the heat maps'. Light, and without imports.

The stylesheet has ``PAGE`` as variables (``var(--ink)``); charts and training plots take theirs from here by name.
"""

# Each in light and in dark: paper, ink, hairlines, and one blue for what is selected.
PAGE = {
    "bg": ("#fafaf7", "#101317"),
    "panel": ("#ffffff", "#171b21"),  # cards and inputs
    "sunk": ("#f1f1ec", "#1e232b"),  # what lies lower
    "side": ("#f3f3ee", "#14181d"),  # the sidebar
    "line": ("#dfded7", "#2d343f"),
    "ctl": ("#8b9099", "#5f6978"),  # edges of controls: 3 to 1 against a card at least
    "ink": ("#16191d", "#eceef1"),
    "ink2": ("#3a4048", "#c9cfd8"),
    "ink3": ("#565d66", "#a3abb7"),  # small print
    "acc": ("#1f5fbf", "#7fb0ff"),
    "accsoft": ("#e6eefa", "#1b2a42"),
    "button": ("#1f5fbf", "#2b66c4"),  # under white words
    "button-hover": ("#174e9f", "#3a75d2"),
    "params": ("#3b7dd8", "#5a96ea"),
    "macs": ("#cf6a0c", "#e98a2e"),
    "ok": ("#1b7f4b", "#5fcb95"),
    "err": ("#a4231b", "#ff9c92"),
    "err-bg": ("#fbebe8", "#331a18"),
    "t1": ("#c3c9d1", "#4a525e"),  # slats of the drawings, from few channels
    "t2": ("#a3abb6", "#5f6976"),
    "t3": ("#808a97", "#7c8694"),
    "t4": ("#5f6976", "#9da6b3"),
    "t5": ("#414a56", "#c3cad4"),  # to many
    "s1": ("#b3cdf0", "#2f4f7c"),  # the same of the stage that is open
    "s2": ("#86afe6", "#3d69a6"),
    "s3": ("#5a91da", "#5488cf"),
    "s4": ("#2f6fc4", "#7fb0ff"),
    "s5": ("#174486", "#b9d5ff"),
}
LIGHT, DARK = ({name: pair[place] for name, pair in PAGE.items()} for place in (0, 1))

# Of charts, on either ground.
INK, WHITE, EDGE, SMALL_PRINT = LIGHT["ink"], "#ffffff", LIGHT["ctl"], LIGHT["ink3"]
BLUE, ORANGE, TEAL, GREY, DARK_BLUE = LIGHT["params"], LIGHT["macs"], "#2a9484", LIGHT["t3"], LIGHT["s5"]
STAGE_BLUES = ("#8cb4e8", "#6fa1e2", "#4f8bda", "#2f6fc4", "#1f569f")  # deeper stages are darker
HEAD_GREY = "#5b6b80"

# Ten even steps of three colour maps that are even in lightness and safe for the colour-blind.
COLOUR_MAPS = {
    "inferno": "000004 1B0C41 4A0C6B 781C6D A52C60 CF4446 ED6925 FB9B06 F7D13D FCFFA4",
    "viridis": "440154 482878 3E4989 31688E 26828E 1F9E89 35B779 6ECE58 B5DE2B FDE725",
    "cividis": "00224E 123570 3B496C 575D6D 707173 8A8678 A59C74 C3B369 E1CC55 FEE838",
}
SIDES = ("#7b2d8e", "#1b7837")  # of a signed map: purple for the first class, green for the second; told apart by all
