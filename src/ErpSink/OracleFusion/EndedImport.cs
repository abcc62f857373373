using Streams.ErpSink.Posting;

namespace Streams.ErpSink.OracleFusion;

/// <summary>What an import that has ended says of documents that are not there.</summary>
/// <param name="status">The request's, in capital letters.</param>
/// <param name="http">The status of the answer that the report came with.</param>
/// <param name="report">All lines of its reports.</param>
sealed class EndedImport(ImportJob job, string status, int http, IReadOnlyList<string> report, FusionOptions options)
{
    /// <summary>Journals of a group are refused together, with the statuses of their lines; which one is to blame shows once it is alone.</summary>
    public ErpAnswer OfJournals()
    {
        var (lines, statuses) = ImportJob.Refusals(report);
        if (statuses.Count == 0) return OfNoWord(lines);
        if (job.Documents > 1) return Refused(ErpOutcome.Validation, string.Join(',', statuses), lines) with { RefusedTogether = job.Documents };
        return statuses.All(options.ClosedPeriodStatuses.Contains) ? Refused(ErpOutcome.PeriodClosed, "PERIOD_CLOSED", lines) : Refused(ErpOutcome.Validation, string.Join(',', statuses), lines);
    }

    /// <summary>AutoInvoice refuses a transaction with all of its lines when one of them is wrong; its lines name its number, or the flexfield that begins with it.</summary>
    public ErpAnswer OfTransaction(string key)
    {
        var named = report.Where(l => l.Contains(key, StringComparison.Ordinal)).Take(ImportReport.MaxLines).Select(ImportReport.Cut).ToList();
        var (duplicates, closed) = (named.Where(l => Holds(l, options.DuplicateTexts)).ToList(), named.Where(l => Holds(l, options.ClosedPeriodTexts)).ToList());
        // Another import has it in hand, or it was renumbered there: it is looked for until it is found, or people are asked.
        if (duplicates.Count > 0) return Refused(ErpOutcome.Duplicate, "DUPLICATE", duplicates);
        var other = named.Except(closed).Where(l => Holds(l, options.RejectionTexts)).ToList();
        if (other.Count > 0) return Refused(ErpOutcome.Validation, "VALIDATION", [.. other, .. closed]);
        return closed.Count > 0 ? Refused(ErpOutcome.PeriodClosed, "PERIOD_CLOSED", closed) : OfNoWord(named);
    }

    ErpAnswer OfNoWord(IReadOnlyList<string> lines) => status is "SUCCEEDED" or "WARNING" or "FINISHED"
        ? FusionAnswers.Unknown(http, "IMPORTED_NOT_FOUND", Detail(lines)) : new(ErpOutcome.Absent, http, "IMPORT_FAILED", Detail(lines));

    ErpAnswer Refused(ErpOutcome outcome, string code, IReadOnlyList<string> lines) => new(outcome, http, code, Detail(lines)) { Job = job.ToString() };

    string Detail(IReadOnlyList<string> lines) => $"import {job.Request}, group {job.Group}: {status}; {(lines.Count == 0 ? "its report says nothing of the document" : string.Join("; ", lines))}";

    static bool Holds(string line, IReadOnlyList<string> texts) => texts.Any(t => line.Contains(t, StringComparison.OrdinalIgnoreCase));
}
