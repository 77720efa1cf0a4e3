/// An HTML page that needs no other file and no network.
package struct ReportPage {
    private let title: String
    private let sections: [Markup]

    package init(title: String, sections: [Markup]) { (self.title, self.sections) = (title, sections) }

    package func html() -> String {
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>\(title)</title>
            <style>\(ReportStyle.css)</style>
            </head>
            <body>
            <main>
            <h1>\(title)</h1>
            \(sections)</main>
            </body>
            </html>

            """
        return page.source
    }
}
