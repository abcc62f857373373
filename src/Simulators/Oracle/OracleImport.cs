using System.Globalization;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>Runs JournalImportLauncher over one GlInterface file: everything of a group id, or nothing.</summary>
sealed class OracleImport(OracleSimulator erp, OracleSetup account) : IOracleImport
{
    /// <summary>Columns of GlInterface.csv by position, and their number.</summary>
    public const int Columns = 149, Date = 2, Source = 3, Category = 4, Currency = 5, Segments = 8, EnteredDebit = 38, EnteredCredit = 39, BatchName = 42, JournalName = 45, LineText = 51, GroupId = 66;

    sealed record Row(string[] Values)
    {
        public string Status = "P", Reason = "";

        public string this[int column] => Values[column];
    }

    public string DocumentAccount => "fin$/generalLedger$/import$";

    public IReadOnlyList<string> Children { get; } = ["Load File to Interface", "Import Journals: Child", "Post Journals"];

    /// <summary>The report has a line for each row: place, status (P: nothing wrong with it), reason.</summary>
    public OracleResult Run(string documentContent, string parameters, string options)
    {
        var group = parameters.Split(',') is { Length: >= 4 } list ? list[3] : throw new FormatException("ParameterList: data access set, source, ledger, group and three flags are expected");
        var rows = Rows(documentContent).ToList();
        var wanted = rows.Where(r => group.Equals("ALL", StringComparison.OrdinalIgnoreCase) || r[GroupId] == group).ToList();
        if (wanted.Count == 0) return new OracleResult("WARNING", [$"no rows of group {group}"]);
        foreach (var row in wanted) Check(row);
        var journals = wanted.GroupBy(r => (Batch: r[BatchName], Journal: r[JournalName], Currency: r[Currency], Date: r[Date])).ToList();
        var unbalanced = journals.Where(j => Balance(j) != ExactDecimal.Zero).ToList();
        if (account.Unbalanced == UnbalancedJournals.Reject) Mark(unbalanced.SelectMany(j => j), "EU02", "Unbalanced journal entry; suspense posting is not allowed");
        var rejected = wanted.Any(r => r.Status.StartsWith('E'));
        if (!rejected)
        {
            if (account.Unbalanced == UnbalancedJournals.Suspense) Mark(unbalanced.SelectMany(j => j), "WU01", "Unbalanced journal entry; suspense posting is allowed");
            foreach (var journal in journals) Commit(journal.ToList(), unbalanced.Contains(journal));
        }
        return new OracleResult(rejected ? "ERROR" : unbalanced.Count > 0 && account.Unbalanced == UnbalancedJournals.Suspense ? "WARNING" : "SUCCEEDED",
            [.. wanted.Select((r, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1},{r.Status},{r.Reason}"))]);
    }

    public (string Type, IReadOnlyList<string> Keys) Names(string documentContent) => ("journal", [.. Rows(documentContent).Select(Key).Distinct()]);

    static string Key(Row row) => DocumentKeys.In(row[JournalName], row[BatchName], row[LineText]) ?? "";

    void Check(Row row)
    {
        var account1 = row[Segments + account.AccountSegment];
        if (row[0] != "NEW") Mark([row], "EF01", "STATUS IS NOT NEW");
        if (!DateOnly.TryParseExact(row[Date], "yyyy/MM/dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)) Mark([row], "ED01", "INVALID ACCOUNTING DATE");
        else if (!erp.Periods.IsOpen(date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))) Mark([row], "EP01", "DATE IS NOT IN AN OPEN OR FUTURE ENTERABLE PERIOD");
        if (account1.Length == 0 || !erp.Master.Has("accounts", account1)) Mark([row], "EF04", $"FLEX-VALUE DOES NOT EXIST (SEGMENT=Account) (VALUE={account1})");
        if (row[Currency].Length != 3 || !erp.Master.Has("currencies", row[Currency])) Mark([row], "EC03", "INVALID CURRENCY CODE");
        if (erp.Faults.OfRecord(SimulatorFault.BatchPartial, "journal", Key(row)) is not null) Mark([row], "EF04", "FLEX-VALUE DOES NOT EXIST (SEGMENT=Account)");
    }

    static void Mark(IEnumerable<Row> rows, string code, string reason)
    {
        foreach (var row in rows)
        {
            row.Status = row.Status == "P" ? code : $"{row.Status},{code}";
            row.Reason = row.Reason.Length == 0 ? reason : $"{row.Reason}; {reason}";
        }
    }

    void Commit(List<Row> rows, bool unbalanced)
    {
        var lines = rows.Select(r => new SimulatedLine(string.Join('-', r.Values.Skip(Segments).Take(account.Segments)), Amount(r, EnteredDebit).ToString(), Amount(r, EnteredCredit).ToString(), r[LineText])).ToList();
        var difference = Balance(rows);
        if (unbalanced && account.Unbalanced == UnbalancedJournals.Suspense)
            lines.Add(difference > ExactDecimal.Zero ? new SimulatedLine("suspense", "0", difference.ToString()) : new SimulatedLine("suspense", (-difference).ToString(), "0"));
        erp.Commit(new SimulatedRecord
        {
            Id = erp.NextId(), Type = "journal", Kind = RecordKind.GlJournal, Key = Key(rows[0]), Company = rows[0][1], Currency = rows[0][Currency],
            Amount = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Debit)).ToString(), Date = rows[0][Date].Replace('/', '-'), Posted = false, Number = rows[0][JournalName], Lines = lines,
            Fields = new Dictionary<string, string> { ["batch"] = rows[0][BatchName], ["source"] = rows[0][Source], ["category"] = rows[0][Category], ["group"] = rows[0][GroupId], ["unbalanced"] = unbalanced && account.Unbalanced == UnbalancedJournals.ImportUnposted ? "true" : "false" },
        });
    }

    static ExactDecimal Balance(IEnumerable<Row> rows) => rows.Aggregate(ExactDecimal.Zero, (sum, r) => sum + Amount(r, EnteredDebit) - Amount(r, EnteredCredit));

    static ExactDecimal Amount(Row row, int column) => row[column].Length == 0 ? ExactDecimal.Zero : ExactDecimal.Parse(row[column]);

    static IEnumerable<Row> Rows(string documentContent) => OracleFile.Rows(documentContent, Columns).Select(v => new Row(v));
}
