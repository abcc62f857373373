using System.Globalization;
using System.Numerics;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>
/// Runs AutoInvoiceImportEss over the interface lines of a business unit and a transaction source: validates each, groups them by transaction number, and makes the transactions of which
/// no line was refused. What is refused stays in the interface table, and in the way of the next run, unless the request has it purged.
/// </summary>
sealed class OracleAutoInvoice(OracleSimulator erp, OracleReceivables receivables, OracleSetup account) : IOracleImport
{
    /// <summary>Columns of RaInterfaceLinesAll.csv by position, and their number.</summary>
    const int Columns = 371, Organization = 0, Source = 1, Type = 2, Terms = 3, Day = 4, AccountingDay = 5, Number = 6, Customer = 18, LineType = 25, Description = 26, Currency = 27, Conversion = 28, ConversionDay = 29,
        ConversionRate = 30, Amount = 31, Quantity = 32, Price = 34, Context = 36, Attributes = 15, BusinessUnit = 286;

    static readonly (int Column, string Name)[] Mandatory =
        [(Type, "CUST_TRX_TYPE_NAME"), (Number, "TRX_NUMBER"), (Customer, "BILL_CUSTOMER_ACCOUNT_NUMBER"), (LineType, "LINE_TYPE"), (Description, "DESCRIPTION"), (Currency, "CURRENCY_CODE"), (Conversion, "CONVERSION_TYPE"), (Amount, "AMOUNT")];

    sealed record Row(string[] Values)
    {
        public readonly List<string> Errors = [];

        public string this[int column] => Values[column];
    }

    readonly List<Row> _interface = [];

    public string DocumentAccount => "fin$/receivables$/import$";

    public IReadOnlyList<string> Children { get; } = ["Load File to Interface", "Import AutoInvoice", "AutoInvoice Execution Report"];

    public (string Type, IReadOnlyList<string> Keys) Names(string documentContent)
    {
        var rows = OracleFile.Rows(documentContent, Columns);
        return (rows.Count > 0 ? Resource(rows[0][Type]) : OracleReceivables.Invoices, [.. rows.Select(r => r[Number]).Where(n => n.Length > 0).Distinct()]);
    }

    public OracleResult Run(string documentContent, string parameters, string options)
    {
        if (parameters.Split(',') is not [var unit, var source, _, ..]) return new OracleResult("ERROR", ["The business unit, the transaction source and the default date are required."]);
        var loaded = OracleFile.Rows(documentContent, Columns).Select(v => new Row(v)).ToList();
        _interface.AddRange(loaded);
        var result = Import(unit, source);
        if (options.Contains("PurgeOption=Y", StringComparison.Ordinal)) _interface.RemoveAll(loaded.Contains);
        foreach (var row in _interface) row.Errors.Clear();
        return result;
    }

    OracleResult Import(string unit, string source)
    {
        var selected = _interface.Where(r => r[Source] == source && IsOf(r, unit)).ToList();
        if (Fatal(source, selected) is { } fatal) return new OracleResult("ERROR", [fatal]);
        foreach (var row in selected) Validate(row);
        var transactions = selected.GroupBy(r => r[Number]).ToList();
        foreach (var transaction in transactions) ValidateGroup([.. transaction]);
        var report = new List<string>();
        foreach (var transaction in transactions)
        {
            List<Row> rows = [.. transaction];
            if (rows.All(r => r.Errors.Count == 0)) Make(rows);
            else report.AddRange(rows.SelectMany(r => r.Errors.Select(e => $"{r[Context]},{string.Join('.', Enumerable.Range(1, Attributes).Select(a => r[Context + a]).Where(a => a.Length > 0))},{r[Number]},{e}")));
        }
        return new OracleResult("SUCCEEDED", [$"{selected.Count} line(s) selected", .. report]);
    }

    bool IsOf(Row row, string unit) => row[BusinessUnit] == unit || row[Organization] == unit || account.BusinessUnitIds.GetValueOrDefault(row[BusinessUnit]) == unit;

    /// <summary>What ends the job without a word about any line.</summary>
    string? Fatal(string source, List<Row> rows) =>
        account.TransactionSources is { } sources && !sources.Contains(source) ? "The transaction source isn't valid for the business unit based on reference set association."
        : account.LineContexts is { } contexts && rows.FirstOrDefault(r => !contexts.Contains(r[Context])) is { } wrong ? $"You must enter a valid context for the {wrong[Context]} flexfield." : null;

    void Validate(Row row)
    {
        foreach (var (column, name) in Mandatory.Where(m => row[m.Column].Length == 0)) row.Errors.Add($"You must enter a value for {name}.");
        if (Enumerable.Range(0, Attributes + 1).Count(i => row[Context + i].Length > 0) < 2) row.Errors.Add("You must enter the transaction flexfield.");
        if (row.Errors.Count > 0) return;
        if (row[LineType] != "LINE") row.Errors.Add(Invalid("line type", row[LineType]));
        if (!erp.Master.HasCustomer(row[Customer])) row.Errors.Add(Invalid("bill-to customer account number", row[Customer]));
        if (!erp.Master.Has("companies", row[BusinessUnit])) row.Errors.Add(Invalid("business unit", row[BusinessUnit]));
        if (row[Currency].Length != 3 || !erp.Master.Has("currencies", row[Currency])) row.Errors.Add(Invalid("currency code", row[Currency]));
        if (row[Conversion] == "User" ? row[ConversionRate].Length == 0 : row[ConversionDay].Length == 0) row.Errors.Add("You must enter a conversion rate for the type User, and a conversion date for any other.");
        if (Date(row[Day]) is null) row.Errors.Add(Invalid("transaction date", row[Day]));
        if (IsCredit(row) && row[Terms].Length > 0) row.Errors.Add("You can't enter payment terms for a credit memo.");
        ValidateAmount(row);
        if (Date(row[AccountingDay]) is not { } date) row.Errors.Add(Invalid("accounting date", row[AccountingDay]));
        else if (!erp.Periods.IsOpen(date) && !account.AdjustClosedPeriods) row.Errors.Add(account.ClosedPeriodText);
    }

    static void ValidateAmount(Row row)
    {
        var (amount, quantity, price) = (Decimal(row[Amount]), Decimal(row[Quantity]), Decimal(row[Price]));
        if (amount is null) row.Errors.Add(Invalid("amount", row[Amount]));
        else if (quantity is { } number && price is { } each && Product(number, each) != amount) row.Errors.Add("The amount must equal the quantity times the unit selling price, you must correct it.");
    }

    /// <summary>What all lines of a transaction must agree in, and what must be unique.</summary>
    void ValidateGroup(List<Row> rows)
    {
        if (rows.Any(r => r.Errors.Count > 0)) return;
        var first = rows[0];
        int[] header = [Type, Terms, Day, AccountingDay, Customer, Currency, Conversion, BusinessUnit];
        if (rows.Any(r => header.Any(c => r[c] != first[c]))) Refuse(rows, "You must provide lines that agree in all grouping attributes for one transaction number.");
        else if (IsCredit(first) && Total(rows) > ExactDecimal.Zero) Refuse(rows, "The sign of the amount doesn't match the creation sign of the transaction type.");
        else if (erp.Faults.OfRecord(SimulatorFault.BatchPartial, Resource(first[Type]), first[Number]) is not null)
        {
            erp.Statistics.CountFault();
            first.Errors.Add(Invalid("bill-to customer account number", first[Customer]));
        }
        else if (erp.Faults.OfRecord(SimulatorFault.DuplicateAccepted, Resource(first[Type]), first[Number]) is null) ValidateUnique(rows);
    }

    void ValidateUnique(List<Row> rows)
    {
        var earlier = _interface.TakeWhile(r => r != rows[0]).Select(Flexfield).ToHashSet();
        foreach (var row in rows)
        {
            if (!earlier.Add(Flexfield(row)) || receivables.HasFlexfield(Flexfield(row))) row.Errors.Add(account.DuplicateLineText);
        }
        if (rows.All(r => r.Errors.Count == 0) && account.UniqueTransactionNumbers && receivables.HasNumber(Resource(rows[0][Type]), rows[0][Source], rows[0][Number])) rows[0].Errors.Add(account.DuplicateNumberText);
        if (rows.Any(r => r.Errors.Count > 0)) erp.Statistics.CountDuplicate();
    }

    void Make(List<Row> rows)
    {
        var (first, credit) = (rows[0], IsCredit(rows[0]));
        var date = Date(first[AccountingDay])!;
        if (!erp.Periods.IsOpen(date)) date = erp.Periods.NextOpen(date);
        var total = Total(rows);
        var fields = new Dictionary<string, string>
        {
            ["TransactionSource"] = first[Source], ["TransactionType"] = first[Type], ["TransactionDate"] = Date(first[Day])!, ["flexfields"] = string.Join('\n', rows.Select(Flexfield)),
        };
        if (first[Terms].Length > 0) fields["PaymentTerms"] = first[Terms];
        receivables.Restore(erp.Commit(new SimulatedRecord
        {
            Id = erp.NextId(), Type = Resource(first[Type]), Kind = credit ? RecordKind.CreditMemo : RecordKind.Invoice, Key = DocumentKeys.In(first[Number]), Company = first[BusinessUnit], Party = first[Customer],
            Currency = first[Currency], Amount = (credit ? -total : total).ToString(), Date = date, Posted = true, Number = first[Number], Fields = fields,
            Lines = [Side("receivable", total, null), .. rows.Select(r => Side("revenue", -Decimal(r[Amount])!.Value, r[Description]))],
        }));
        foreach (var row in rows) _interface.Remove(row);
    }

    /// <summary>Context and values, as one text, as REST's line flexfields are kept.</summary>
    string Flexfield(Row row) => string.Join('|', Enumerable.Range(1, Attributes).Where(a => row[Context + a].Length > 0)
        .Select(a => (Name: a <= account.LineSegments.Count ? account.LineSegments[a - 1] : $"attribute{a}", Value: row[Context + a])).Append(("__FLEX_Context", row[Context]))
        .OrderBy(p => p.Item1, StringComparer.Ordinal).Select(p => $"{p.Item1}={p.Item2}"));

    string Resource(string type) => account.CreditMemoTypes.Contains(type) ? OracleReceivables.CreditMemos : OracleReceivables.Invoices;

    bool IsCredit(Row row) => Resource(row[Type]) == OracleReceivables.CreditMemos;

    static void Refuse(List<Row> rows, string error)
    {
        foreach (var row in rows) row.Errors.Add(error);
    }

    static string Invalid(string what, string value) => $"You must enter a valid {what}. [invalid value {value}]";

    static ExactDecimal Total(List<Row> rows) => rows.Aggregate(ExactDecimal.Zero, (sum, r) => sum + Decimal(r[Amount])!.Value);

    static ExactDecimal? Decimal(string text) => text.Length > 0 && ExactDecimal.TryParse(text, out var value, out _) ? value : null;

    static ExactDecimal Product(ExactDecimal quantity, ExactDecimal price) => new ExactDecimal((Int128)ExactDecimal.DivideHalfEven((BigInteger)quantity.Unscaled * price.Unscaled, ExactDecimal.One)).Round(2);

    static string? Date(string text) =>
        DateOnly.TryParseExact(text, "yyyy/MM/dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : null;

    static SimulatedLine Side(string account, ExactDecimal debit, string? text) => debit < ExactDecimal.Zero ? new(account, "0", (-debit).ToString(), text) : new(account, debit.ToString(), "0", text);
}
