/// Wrong predictions as pictures.
struct MistakesSection {
    let mistakes: [Mistake]
    let names: ClassNames

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
        return """
            <figure><img src="\(mistake.picture.dataURI)" alt="sample \(mistake.sample), \(label)" \
            title="sample \(mistake.sample)"/>\
            <figcaption><b>\(prediction)</b> <span>\(NumberText.percent(mistake.confidence, digits: 1))</span><br/>\
            is <b>\(label)</b></figcaption></figure>

            """
    }
}
