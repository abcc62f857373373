using System.Globalization;
using System.Text;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.OracleFusion;

/// <summary>
/// The file GlInterface.csv of the import of journals: no header, 149 columns by position. Each document is a batch and a journal of its own, named by its key;
/// all lines have the group of the call.
/// </summary>
public static class GlInterface
{
    public const int Columns = 149;
    const int FirstSegment = 8;
    const int MaxSegments = 30;
    const int EnteredDebit = 38;
    const int EnteredCredit = 39;
    const int BatchName = 42;
    const int JournalName = 45;
    const int LineDescription = 51;
    const int GroupId = 66;
    const int PeriodName = 94;

    public static string Csv(IReadOnlyList<ErpDocument> documents, long group, DateTimeOffset now, ErpMapping mapping)
    {
        var text = new StringBuilder();
        foreach (var document in documents)
        {
            Write(mapping.Setting("journalDebitAccount")!, document.Total, $"{document.LegalEntity} {document.Period} r{document.Revision}");
            foreach (var line in document.Lines) Write(FusionBodies.Of(mapping, "revenueAccounts", line)!, -line.Amount, FusionBodies.Describe(document, line));

            // A negative amount changes the side; Oracle takes no line without an amount.
            void Write(string account, ExactDecimal debit, string description)
            {
                if (debit == ExactDecimal.Zero) return;
                ImportFile.Append(text, Row(document, account, debit, description, group, now, mapping));
            }
        }
        return text.ToString();
    }

    /// <summary>The debits of a document's journal, which its credits equal.</summary>
    public static ExactDecimal Debits(ErpDocument document) => document.Lines.Aggregate(Positive(document.Total), (sum, line) => sum + Positive(-line.Amount));

    /// <summary>Why the account cannot be written into the segments' columns, or null.</summary>
    public static string? AccountFault(string account) => account.Split('-') is { Length: > MaxSegments } segments ? $"has {segments.Length} segments, {MaxSegments} are possible" : null;

    static string[] Row(ErpDocument document, string account, ExactDecimal debit, string description, long group, DateTimeOffset now, ErpMapping mapping)
    {
        var row = ImportFile.Row(Columns);
        row[0] = "NEW";
        row[1] = mapping.Find("ledgers", document.LegalEntity)!;
        row[2] = ImportFile.Date(document.DocumentDate);
        row[3] = mapping.Setting("journalSource")!;
        row[4] = mapping.Setting("journalCategory")!;
        row[5] = document.Currency;
        row[6] = ImportFile.Date(DateOnly.FromDateTime(now.UtcDateTime));
        row[7] = "A";
        account.Split('-').CopyTo(row, FirstSegment);
        row[debit > ExactDecimal.Zero ? EnteredDebit : EnteredCredit] = PlainDecimal.Text(debit > ExactDecimal.Zero ? debit : -debit, document.Currency);
        row[BatchName] = document.DocumentKey;
        row[JournalName] = document.DocumentKey;
        row[LineDescription] = description;
        row[GroupId] = group.ToString(CultureInfo.InvariantCulture);
        row[PeriodName] = mapping.Find("periodNames", document.DocumentDate.ToString("yyyy-MM", CultureInfo.InvariantCulture)) ?? "";
        return row;
    }

    static ExactDecimal Positive(ExactDecimal amount) => amount > ExactDecimal.Zero ? amount : ExactDecimal.Zero;
}
