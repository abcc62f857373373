using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.OData;

/// <summary>The invoices that receipts apply to: the document names their keys, the ERP wants the numbers it has posted them under.</summary>
static class AppliedInvoices
{
    /// <summary>Numbers by key. Receipts that cannot be sent get their answers: an invoice that is not posted yet is waited for.</summary>
    /// <param name="find">The numbers of a company's invoices by their keys; null for one that is not posted.</param>
    public static async Task<IReadOnlyDictionary<string, string>> FindAsync(
        IReadOnlyList<ErpDocument> batch, ErpAnswer?[] answers, Func<ErpDocument, string> companyOf,
        Func<string, IReadOnlyList<string>, Task<(IReadOnlyDictionary<string, string?> Numbers, ErpAnswer? Failure)>> find)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var company in Enumerable.Range(0, batch.Count).Where(i => batch[i].Kind == DocumentKind.Receipt).GroupBy(i => companyOf(batch[i])))
        {
            var keys = company.SelectMany(i => batch[i].Lines).Select(l => l.Meter).Distinct(StringComparer.Ordinal).ToList();
            var (numbers, failure) = await find(company.Key, keys);
            foreach (var (key, number) in numbers.Where(n => n.Value is not null)) known[key] = number!;
            foreach (var i in company) answers[i] = failure is null ? OfInvoices(batch[i], numbers) : Unsent(failure);
        }
        return known;
    }

    static ErpAnswer? OfInvoices(ErpDocument receipt, IReadOnlyDictionary<string, string?> numbers)
    {
        foreach (var key in receipt.Lines.Select(l => l.Meter))
        {
            if (!numbers.TryGetValue(key, out var number)) return new(ErpOutcome.Validation, Code: "INVOICE_NOT_FOUND", Detail: $"lines.meter: the ERP has no invoice of the document {key}");
            if (string.IsNullOrEmpty(number)) return new(ErpOutcome.NotSent, Code: "INVOICE_NOT_POSTED", Detail: $"lines.meter: the invoice of the document {key} is not posted yet");
        }
        return null;
    }

    static ErpAnswer Unsent(ErpAnswer failure) => failure.Outcome == ErpOutcome.Unknown ? failure with { Outcome = ErpOutcome.NotSent } : failure;
}
