using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>receivablesInvoices, receivablesCreditMemos and standardReceipts.</summary>
sealed class OracleReceivables(OracleSimulator erp, OracleSetup account)
{
    public const string Invoices = "receivablesInvoices", CreditMemos = "receivablesCreditMemos", Receipts = "standardReceipts";

    static readonly Dictionary<string, string[]> Required = new(StringComparer.Ordinal)
    {
        [Invoices] = ["BusinessUnit", "TransactionSource", "TransactionType", "TransactionDate", "InvoiceCurrencyCode", "BillToCustomerNumber"],
        [CreditMemos] = ["BusinessUnit", "TransactionSource", "TransactionType", "TransactionDate", "BillToCustomerNumber"],
        [Receipts] = ["ReceiptNumber", "ReceiptMethod", "BusinessUnit", "Amount", "Currency", "ReceiptDate"],
    };

    readonly HashSet<string> _flexfields = [];
    readonly HashSet<string> _numbers = [];

    public static bool IsResource(string name) => Required.ContainsKey(name);

    public static string? KeyOf(string resource, JsonElement body) => resource == Receipts ? body.Scalar("ReceiptNumber") : DocumentKeys.In(body.Scalar("TransactionNumber"), Flexfields(body).FirstOrDefault(), body.Scalar("CrossReference"));

    public void Restore(SimulatedRecord record)
    {
        if (record.Event != RecordEvent.Created) return;
        if (record.Number is not null) _numbers.Add(Numbered(record));
        foreach (var flexfield in record.Field("flexfields")?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? []) _flexfields.Add(flexfield);
    }

    /// <summary>Whether a transaction of the source has the number.</summary>
    public bool HasNumber(string resource, string source, string number) => _numbers.Contains(Numbered(resource, source, number));

    /// <summary>Whether a line of any transaction has these values of its flexfield.</summary>
    public bool HasFlexfield(string flexfield) => _flexfields.Contains(flexfield);

    public Answer Create(string resource, JsonElement body)
    {
        if (Required[resource].FirstOrDefault(name => body.Scalar(name) is null) is { } missing)
            return OracleWords.Refuse(account, $"JBO-27014: Attribute {missing} in {View(resource)} is required.", missing);
        var record = Read(resource, body);
        if (Faults(record) is { } fault) return fault;
        if (Check(resource, body, ref record) is { } refusal) return refusal;
        var committed = erp.Commit(record);
        Restore(committed);
        return Answer.Of(201, Show(committed), OracleWords.Item).With("Location", erp.Place(resource, committed.Id));
    }

    public JsonObject Show(SimulatedRecord record)
    {
        var body = record.Type == Receipts ? ShowReceipt(record) : ShowTransaction(record);
        body["links"] = OracleWords.Links(erp.Place(record.Type, record.Id));
        return body;
    }

    Answer? Faults(SimulatedRecord record)
    {
        if (erp.Faults.OfRecord(SimulatorFault.BatchPartial, record.Type, record.Key) is null) return null;
        erp.Statistics.CountFault();
        return erp.Say(Trouble.Validation);
    }

    Answer? Check(string resource, JsonElement body, ref SimulatedRecord record)
    {
        if (record.Party is { } party && !erp.Master.HasCustomer(party)) return OracleWords.Refuse(account, $"The bill-to customer number {party} is not valid.", "BillToCustomerNumber");
        if (!erp.Master.Has("companies", record.Company!)) return OracleWords.Refuse(account, $"The business unit {record.Company} is not valid.", "BusinessUnit");
        if (!erp.Master.Has("currencies", record.Currency!)) return OracleWords.Refuse(account, $"The currency code {record.Currency} is not valid.", "InvoiceCurrencyCode");
        if (resource != Receipts && record.Lines.Count < 2) return OracleWords.Refuse(account, "You must enter at least one line.", "receivablesInvoiceLines");
        if (!erp.Periods.IsOpen(record.Date!))
        {
            if (!account.AdjustClosedPeriods) return OracleWords.Refuse(account, account.ClosedPeriodText, "AccountingDate");
            record = record with { Date = erp.Periods.NextOpen(record.Date!) };
        }
        if (resource == Receipts) return CheckReferences(body, record);
        if (erp.Faults.OfRecord(SimulatorFault.DuplicateAccepted, record.Type, record.Key) is not null) return null;
        if (account.UniqueTransactionNumbers && record.Number is not null && _numbers.Contains(Numbered(record))) return Duplicate(account.DuplicateNumberText, "TransactionNumber");
        return Flexfields(body).Any(_flexfields.Contains) ? Duplicate(account.DuplicateFlexfieldText, "receivablesInvoiceLineTransactionDFF") : null;
    }

    Answer? CheckReferences(JsonElement body, SimulatedRecord record)
    {
        var applied = ExactDecimal.Zero;
        foreach (var reference in body.Items("remittanceReferences"))
        {
            applied += reference.Number("ReferenceAmount") ?? ExactDecimal.Zero;
            if (reference.Scalar("ReferenceNumber") is not { } number || erp.Journal.Find(Invoices, number) is null)
                return OracleWords.Refuse(account, $"The reference number {reference.Scalar("ReferenceNumber")} is not valid.", "remittanceReferences");
        }
        return applied > ExactDecimal.Parse(record.Amount) ? OracleWords.Refuse(account, "The reference amounts are more than the receipt amount.", "remittanceReferences") : null;
    }

    Answer Duplicate(string text, string path)
    {
        erp.Statistics.CountDuplicate();
        return OracleWords.Refuse(account, text, path);
    }

    SimulatedRecord Read(string resource, JsonElement body)
    {
        var id = erp.NextId();
        return resource == Receipts ? ReadReceipt(id, body) : ReadTransaction(resource, id, body);
    }

    static SimulatedRecord ReadTransaction(string resource, string id, JsonElement body)
    {
        var credit = resource == CreditMemos;
        var amounts = body.Items(credit ? "receivablesCreditMemoLines" : "receivablesInvoiceLines").Select(l => (Line: l, Amount: LineAmount(l, credit))).ToList();
        var total = amounts.Aggregate(ExactDecimal.Zero, (sum, a) => sum + a.Amount);
        var lines = amounts.Select(a => Side("revenue", credit ? a.Amount : -a.Amount, a.Line.Scalar("Description"))).Prepend(Side("receivable", credit ? -total : total, null)).ToList();
        var fields = new Dictionary<string, string>();
        foreach (var name in new[] { "TransactionSource", "TransactionType", "CrossReference", "TransactionDate", "DueDate", "PaymentTerms", "Comments" })
        {
            if (body.Scalar(name) is { } value) fields[name] = value;
        }
        if (Flexfields(body) is { Count: > 0 } flexfields) fields["flexfields"] = string.Join('\n', flexfields);
        return new SimulatedRecord
        {
            Id = id, Type = resource, Kind = credit ? RecordKind.CreditMemo : RecordKind.Invoice, Key = KeyOf(resource, body), Company = body.Scalar("BusinessUnit"), Party = body.Scalar("BillToCustomerNumber"),
            Currency = body.Scalar("InvoiceCurrencyCode") ?? body.Scalar("CreditMemoCurrency") ?? "USD", Amount = total.ToString(), Date = Day(body, "AccountingDate", "TransactionDate"), Posted = true,
            Number = body.Scalar("TransactionNumber") ?? id, Lines = lines, Fields = fields,
        };
    }

    static SimulatedRecord ReadReceipt(string id, JsonElement body)
    {
        var amount = body.Number("Amount")!.Value;
        if (amount <= ExactDecimal.Zero) throw new FormatException("Amount must be greater than zero");
        var lines = new List<SimulatedLine> { Side(body.Scalar("RemittanceBankAccountNumber") ?? "cash", amount, null) };
        var rest = amount;
        foreach (var reference in body.Items("remittanceReferences"))
        {
            var part = reference.Number("ReferenceAmount") ?? ExactDecimal.Zero;
            lines.Add(Side("receivable", -part, null) with { AppliesTo = reference.Scalar("ReferenceNumber") });
            rest -= part;
        }
        if (rest != ExactDecimal.Zero) lines.Add(Side("receivable", -rest, "unapplied"));
        return new SimulatedRecord
        {
            Id = id, Type = Receipts, Kind = RecordKind.Receipt, Key = body.Scalar("ReceiptNumber"), Company = body.Scalar("BusinessUnit"), Party = body.Scalar("CustomerAccountNumber"), Currency = body.Scalar("Currency"),
            Amount = amount.ToString(), Date = Day(body, "AccountingDate", "ReceiptDate"), Posted = true, Number = body.Scalar("ReceiptNumber"), Lines = lines,
            Fields = new Dictionary<string, string> { ["ReceiptMethod"] = body.Scalar("ReceiptMethod")! },
        };
    }

    static string Day(JsonElement body, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (body.Scalar(name) is { } text) return DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        }
        throw new FormatException($"{names[^1]} is missing");
    }

    // A credit memo's amounts may come with either sign; the record holds what is credited.
    static ExactDecimal LineAmount(JsonElement line, bool credit)
    {
        var amount = line.Number("LineAmountCredit") ?? line.Number("LineAmount") ?? Product(line.Number("Quantity") ?? line.Number("QuantityCredit") ?? ExactDecimal.FromInteger(1), line.Number("UnitSellingPrice") ?? throw new FormatException("UnitSellingPrice is missing"));
        return credit && amount < ExactDecimal.Zero ? -amount : amount;
    }

    static ExactDecimal Product(ExactDecimal quantity, ExactDecimal price) =>
        new ExactDecimal((Int128)ExactDecimal.DivideHalfEven((System.Numerics.BigInteger)quantity.Unscaled * price.Unscaled, ExactDecimal.One)).Round(2);

    /// <summary>Context and values of each line's transaction flexfield, as one text.</summary>
    static List<string> Flexfields(JsonElement body) =>
    [
        .. body.Items("receivablesInvoiceLines").Concat(body.Items("receivablesCreditMemoLines"))
            .SelectMany(l => l.Items("receivablesInvoiceLineTransactionDFF").Concat(l.Items("receivablesCreditMemoLineTransactionDFF")))
            .Where(d => d.ValueKind == JsonValueKind.Object)
            .Select(d => string.Join('|', d.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"{p.Name}={p.Value}"))),
    ];

    static SimulatedLine Side(string account, ExactDecimal debit, string? text) =>
        debit < ExactDecimal.Zero ? new(account, "0", (-debit).ToString(), text) : new(account, debit.ToString(), "0", text);

    static JsonObject ShowTransaction(SimulatedRecord record)
    {
        var signed = record.Type == CreditMemos ? $"-{record.Amount}" : record.Amount;
        var body = new JsonObject
        {
            ["CustomerTransactionId"] = long.Parse(record.Id, CultureInfo.InvariantCulture), ["TransactionNumber"] = record.Number, ["BusinessUnit"] = record.Company, ["BillToCustomerNumber"] = record.Party,
            [record.Type == CreditMemos ? "CreditMemoCurrency" : "InvoiceCurrencyCode"] = record.Currency, ["EnteredAmount"] = Answer.Number(signed), ["AccountingDate"] = record.Date,
            [record.Type == CreditMemos ? "CreditMemoStatus" : "InvoiceStatus"] = record.Posted ? "Complete" : "Incomplete",
        };
        foreach (var (name, value) in record.Fields.Where(f => f.Key != "flexfields")) body[name] = value;
        return body;
    }

    static JsonObject ShowReceipt(SimulatedRecord record) => new()
    {
        ["StandardReceiptId"] = long.Parse(record.Id, CultureInfo.InvariantCulture), ["ReceiptNumber"] = record.Number, ["BusinessUnit"] = record.Company, ["ReceiptMethod"] = record.Field("ReceiptMethod"),
        ["CustomerAccountNumber"] = record.Party, ["Amount"] = Answer.Number(record.Amount), ["Currency"] = record.Currency, ["ReceiptDate"] = record.Date, ["AccountingDate"] = record.Date,
        ["State"] = record.Lines.Any(l => l.AppliesTo is not null) ? "Applied" : "Unapplied", ["Status"] = "Cleared",
    };

    static string Numbered(SimulatedRecord record) => Numbered(record.Type, record.Field("TransactionSource"), record.Number!);

    static string Numbered(string resource, string? source, string number) => $"{resource}|{source}|{number}";

    static string View(string resource) => resource == Receipts ? "StandardReceipt" : "ReceivablesInvoice";
}
