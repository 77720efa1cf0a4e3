/// The looks of charts, for light and dark screens and for paper. Lines differ in colour and in dashes.
package enum ChartStyle {
    private static let lineCount = 8

    /// The CSS class of a line by its number; they repeat.
    package static func className(of index: Int) -> String { "line-\(index % lineCount)" }

    package static let css: Markup = """

        .chart{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        .chart text{fill:#57606a}
        .chart .title{font-size:15px;font-weight:600;fill:#1f2328}
        .chart .grid line{stroke:#d8dee4}
        .chart .axis line{stroke:#8c959f}
        .chart .line polyline{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
        .chart .line circle{fill:currentColor}
        .chart .bar rect{fill:currentColor}
        .chart .strips rect{fill:#8c959f;fill-opacity:0}
        .chart .strips rect:hover{fill-opacity:.18}
        .chart .line-0{color:#0969da}
        .chart .line-1{color:#d1590a;stroke-dasharray:7 3}
        .chart .line-2{color:#1a7f37;stroke-dasharray:2 3}
        .chart .line-3{color:#8250df;stroke-dasharray:9 3 2 3}
        .chart .line-4{color:#bf3989}
        .chart .line-5{color:#0b7d8a;stroke-dasharray:7 3}
        .chart .line-6{color:#8a6100;stroke-dasharray:2 3}
        .chart .line-7{color:#57606a;stroke-dasharray:9 3 2 3}
        @media screen and (prefers-color-scheme:dark){
        .chart text{fill:#9ea7b3}
        .chart .title{fill:#e6edf3}
        .chart .grid line{stroke:#30363d}
        .chart .axis line{stroke:#6e7681}
        .chart .line-0{color:#58a6ff}
        .chart .line-1{color:#f0883e}
        .chart .line-2{color:#56d364}
        .chart .line-3{color:#bc8cff}
        .chart .line-4{color:#f778ba}
        .chart .line-5{color:#39c5cf}
        .chart .line-6{color:#e3b341}
        .chart .line-7{color:#9ea7b3}
        }

        """
}
