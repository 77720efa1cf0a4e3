/// Wrong predictions as pictures.
struct MistakesSection {
    let mistakes: [Mistake]
    let names: ClassNames

    /// About how large pictures are shown.
    private static let pictureSize = 96

    var markup: Markup {
        guard !mistakes.isEmpty else { return "" }
        return """
            <section>
            <h2>Most confident mistakes</h2>
            <div class="mistakes">
            \(mistakes.map(figure))</div>
            </section>

            """
    }

    private func figure(_ mistake: Mistake) -> Markup {
        let (label, prediction) = (names[mistake.label], names[mistake.prediction])
        let picture = mistake.picture
        // A whole number of times larger, so that all pixels stay equal squares.
        let scale = max(Self.pictureSize / max(picture.width, picture.height), 1)
        return """
            <figure><img src="\(picture.dataURI)" width="\(scale * picture.width)" \
            height="\(scale * picture.height)" alt="sample \(mistake.sample), \(label)" \
            title="sample \(mistake.sample)"/>\
            <figcaption><b>\(prediction)</b> <span>\(NumberText.percent(mistake.confidence, digits: 1))</span><br/>\
            is <b>\(label)</b></figcaption></figure>

            """
    }
}
