using Streams.ErpSink.Status;

namespace Streams.ConsolePages;

/// <summary>The pages as HTML.</summary>
static class Pages
{
    /// <summary>Documents on one page of the list.</summary>
    public const int PageSize = 200;

    /// <summary>Items of the work list shown.</summary>
    public const int WorkListSize = 1000;

    public static Html Overview(LedgerOverview overview) => Layout("Pipeline", Html.Of($"""
        <h2>Documents by state</h2>
        {Table(["state", "currency", "documents", "total"], overview.States.Select(s => Html.Of(
            $"<tr><td><a href=\"/documents?state={s.State}\">{s.State}</a></td><td>{s.Currency}</td><td class=\"n\">{s.Documents}</td><td class=\"n\">{s.Total}</td></tr>")))}
        <h2>Reconciliation</h2>
        {Table(["currency", "documents", "planned", "confirmed", "on the work list", "under way", "difference"], overview.Reconciliations.Select(Row))}
        <h2>Records taken in</h2>
        {Table(["records", "planned", "duplicates", "conflicts", "rejected"], [Html.Of(
            $"<tr>{Number(overview.Intake.Records)}{Number(overview.Intake.Planned)}{Number(overview.Intake.Duplicates)}{Number(overview.Intake.Conflicts)}{Number(overview.Intake.Rejected)}</tr>")])}
        <h2>Calls to the ERP</h2>
        {Table(["call", "outcome", "calls"], overview.Calls.Select(c => Html.Of($"<tr><td>{c.Call}</td><td>{c.Outcome}</td>{Number(c.Calls)}</tr>")))}
        """));

    public static Html Documents(IReadOnlyList<DocumentSummary> documents, string? state) => Layout("Documents", Html.Of($"""
        <p>{(state is null ? "All states" : $"State: {state}")}</p>
        {Table(["document", "state", "reason", "customer", "contract", "period", "revision", "total", "ERP id", "attempts"], documents.Select(Row))}
        {(documents.Count < PageSize ? Html.Empty : Html.Of($"<p><a href=\"/documents?after={documents[^1].Key}{(state is null ? "" : $"&state={Uri.EscapeDataString(state)}")}\">next</a></p>"))}
        """));

    public static Html Document(DocumentDetail document) => Layout($"Document {document.Summary.Key}", Html.Of($"""
        {Table(["document", "state", "reason", "customer", "contract", "period", "revision", "total", "ERP id", "attempts"], [Row(document.Summary)])}
        <p>{document.Kind} of {document.LegalEntity}, content {document.ContentHash}, from {document.SourceTopic}[{document.SourcePartition}]@{document.SourceOffset}</p>
        {(document.Reverses is { } reverses ? Html.Of($"<p>Reverses {Link(reverses)}</p>") : Html.Empty)}{(document.ReversedBy is { } by ? Html.Of($"<p>Reversed by {Link(by)}</p>") : Html.Empty)}
        <h2>Lines</h2>
        {Table(["line", "product", "meter", "quantity", "rated", "amount", "windows", "events"], document.Lines.Select(l => Html.Of(
            $"<tr>{Number(l.Line)}<td>{l.Product}</td><td>{l.Meter}</td>{Number(l.Quantity)}{Number(l.RatedAmount)}{Number(l.Amount)}{Number(l.Windows)}{Number(l.Events)}</tr>")))}
        <h2>Attempts</h2>
        {Table(["call", "started", "finished", "outcome", "HTTP", "code", "detail", "instance"], document.Attempts.Select(Row))}
        <h2>Lineage: the events behind each line</h2>
        {Table(["line", "product", "meter", "topic", "partition", "first offset", "last offset", "events"], document.Lineage.Select(l => Html.Of(
            $"<tr>{Number(l.Line)}<td>{l.Product}</td><td>{l.Meter}</td><td>{l.Topic}</td>{Number(l.Partition)}{Number(l.FirstOffset)}{Number(l.LastOffset)}{Number(l.Events)}</tr>")))}
        """));

    public static Html WorkList(IReadOnlyList<WorkItem> items) => Layout("Work list", Html.Of($"""
        {(items.Count < WorkListSize ? Html.Empty : Html.Of($"<p>The oldest {WorkListSize} items.</p>"))}
        {Table(["item", "opened", "code", "detail", "document", "customer", "amount", "source"], items.Select(Row))}
        """));

    /// <summary>A page with nothing but a sentence.</summary>
    public static Html Message(string title, string text) => Layout(title, Html.Of($"<p>{text}</p>"));

    static Html Layout(string title, Html body) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title} · Streams</title><link rel="stylesheet" href="/console.css"></head>
        <body><nav><a href="/">Pipeline</a> <a href="/documents">Documents</a> <a href="/worklist">Work list</a></nav><main><h1>{title}</h1>
        {body}
        </main></body></html>
        """);

    static Html Table(IReadOnlyList<string> headings, IEnumerable<Html> rows)
    {
        var list = rows.ToList();
        if (list.Count == 0) return Html.Of($"<p>None.</p>");
        return Html.Of($"<table><thead><tr>{Html.Join(headings.Select(h => Html.Of($"<th>{h}</th>")))}</tr></thead><tbody>{Html.Join(list)}</tbody></table>");
    }

    static Html Number<T>(T value) => Html.Of($"<td class=\"n\">{value}</td>");

    static Html Row(Reconciliation r) => Html.Of(
        $"<tr><td>{r.Currency}</td>{Number(r.Documents)}{Number(r.Planned)}{Number(r.Confirmed)}{Number(r.Listed)}{Number(r.UnderWay)}<td class=\"n {(r.Difference == default ? "good" : "bad")}\">{r.Difference}</td></tr>");

    static Html Row(DocumentSummary d) => Html.Of(
        $"<tr><td>{Link(d.Key)}</td><td>{d.State}</td><td>{d.Reason}</td><td>{d.Customer}</td><td>{d.Contract}</td><td>{d.Period}</td>{Number(d.Revision)}<td class=\"n\">{d.Total.ToString()}</td><td>{d.ErpId}</td>{Number(d.Attempts)}</tr>");

    static Html Row(Attempt a) => Html.Of(
        $"<tr><td>{a.Call}</td><td>{a.StartedAt}</td><td>{(a.FinishedAt is { } t ? Html.Of($"{t}") : Html.Empty)}</td><td>{a.Outcome ?? "open"}</td><td>{a.HttpStatus}</td><td>{a.Code}</td><td>{a.Detail}</td><td>{a.Instance}</td></tr>");

    static Html Row(WorkItem w) => Html.Of(
        $"<tr>{Number(w.Id)}<td>{w.OpenedAt}</td><td>{w.Code}</td><td>{w.Detail}</td><td>{(w.DocumentKey is null ? Html.Empty : Link(w.DocumentKey))}</td><td>{w.CustomerId}</td><td class=\"n\">{w.Amount} {w.Currency}</td><td>{w.SourceTopic}[{w.SourcePartition}]@{w.SourceOffset}</td></tr>");

    static Html Link(string key) => Html.Of($"<a href=\"/documents/{Uri.EscapeDataString(key)}\">{key}</a>");
}
