/// The looks of a report, for light and dark screens and for paper.
enum ReportStyle {
    static let css: Markup = """

        :root{--text:#1f2328;--soft:#57606a;--line:#d8dee4;--tile:#f6f8fa;--page:#fff;--right:9,105,218;--wrong:209,89,10}
        @media screen and (prefers-color-scheme:dark){
        :root{--text:#e6edf3;--soft:#9ea7b3;--line:#30363d;--tile:#161b22;--page:#0d1117;--right:31,111,235;\
        --wrong:240,136,62}
        }
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--text);\
        font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}
        h1{font-size:28px;line-height:1.25;margin:0 0 20px}
        h2{font-size:19px;margin:40px 0 12px;padding-bottom:6px;border-bottom:1px solid var(--line)}
        p{margin:0 0 12px;color:var(--soft)}
        figure{margin:0}
        code{font:13px ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:12px;margin:0}
        .figures div{background:var(--tile);border:1px solid var(--line);border-radius:8px;padding:12px 16px}
        .figures dt{color:var(--soft);font-size:13px}
        .figures dd{margin:2px 0 0;font-size:22px;font-weight:600;font-variant-numeric:tabular-nums}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:20px}
        .charts svg{display:block;width:100%;height:auto}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums}
        th,td{padding:5px 12px;text-align:left;border-bottom:1px solid var(--line)}
        th{font-weight:600}
        thead th{color:var(--soft);font-size:13px;vertical-align:bottom}
        tfoot th,tfoot td{font-weight:600}
        .number,.numbers th,.numbers td{text-align:right}
        .numbers th[scope=row],.numbers .words{text-align:left;font-weight:400}
        details{margin-top:12px}
        summary{cursor:pointer;color:var(--soft)}
        .matrix td,.matrix th{border:0;padding:0 4px;height:36px;min-width:54px;text-align:center;font-size:13px}
        .matrix tbody th,.matrix tfoot th{text-align:right;padding-right:10px;white-space:nowrap}
        .matrix thead th{height:auto;padding:0 0 8px}
        .matrix thead span{writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap}
        .matrix tbody td{border:1px solid var(--page)}
        .matrix .none{color:var(--line)}
        .matrix .right{background:rgba(var(--right),var(--share))}
        .matrix .wrong{background:rgba(var(--wrong),var(--share))}
        .matrix .strong{color:#fff}
        .matrix .score{color:var(--soft);font-weight:400;white-space:nowrap}
        .matrix.dense td,.matrix.dense th{font-size:10px;height:18px;min-width:22px;padding:0 2px}
        .mistakes{display:grid;grid-template-columns:repeat(auto-fill,minmax(124px,1fr));gap:16px}
        .mistakes img{display:block;max-width:100%;image-rendering:pixelated;border-radius:3px}
        .mistakes figcaption{font-size:13px;line-height:1.4;margin-top:6px;color:var(--soft);overflow-wrap:anywhere}
        .mistakes b{color:var(--text);font-weight:600}
        @media print{
        main{max-width:none;padding:0}
        body{font-size:11pt}
        h2{break-after:avoid}
        details:not([open]){display:none}
        figure,tr,.figures div,.matrix{break-inside:avoid}
        td,img,.figures div{print-color-adjust:exact;-webkit-print-color-adjust:exact}
        .charts{grid-template-columns:1fr 1fr}
        .matrix td,.matrix th{min-width:0;font-size:8pt}
        }

        """
}
