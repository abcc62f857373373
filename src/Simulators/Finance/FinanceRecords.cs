using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>
/// Headers and lines of general journals, customer payment journals and free-text invoices. The server numbers a header; lines name it. Nothing is posted here.
/// </summary>
sealed class FinanceRecords(FinanceSimulator erp, FinanceSetup account)
{
    public const string Journals = "LedgerJournalHeaders", JournalLines = "LedgerJournalLines", Payments = "CustomerPaymentJournalHeaders", PaymentLines = "CustomerPaymentJournalLines",
        Invoices = "FreeTextInvoiceHeaders", InvoiceLines = "FreeTextInvoiceLines";

    const long FirstRecord = 5_637_144_576;
    const string NullDate = "1900-01-01T12:00:00Z";

    public static bool IsHeader(string set) => set is Journals or Payments or Invoices;

    public static bool IsLine(string set) => set is JournalLines or PaymentLines or InvoiceLines;

    public static string HeaderOf(string lines) => lines switch { JournalLines => Journals, PaymentLines => Payments, _ => Invoices };

    public static string Parent(string lines) => lines == InvoiceLines ? "ParentRecId" : "JournalBatchNumber";

    public static string? KeyOf(string set, JsonElement body) => set switch
    {
        Invoices => DocumentKeys.In(body.Str("ExternalInvoiceId"), body.Str("CustomerReference")),
        Journals or Payments => DocumentKeys.In(body.Str("Description"), body.Str("IntegrationKey")),
        _ => DocumentKeys.In(body.Str("Document"), body.Str("PaymentReference"), body.Str("Text")),
    };

    public Answer CreateHeader(string set, JsonElement body)
    {
        var company = body.Str("dataAreaId") ?? account.DefaultCompany;
        if (!erp.Master.Has("companies", company)) return FinanceWords.Infolog(Entity(set), $"Company {company} does not exist.");
        var refusal = set == Invoices ? Invoice(body) : Journal(body);
        if (refusal is not null) return refusal;
        var place = erp.Work.Created + 1;
        var fields = new Dictionary<string, string> { ["recId"] = (FirstRecord + place).ToString(CultureInfo.InvariantCulture), ["version"] = "1" };
        foreach (var name in new[] { "JournalName", "Description", "IntegrationKey", "ExternalInvoiceId", "CustomerReference", "ExchangeRate", "IsCorrection", "CorrectedInvoiceId" })
        {
            if (body.Scalar(name) is { } value) fields[name] = value;
        }
        var record = new SimulatedRecord
        {
            Id = set == Invoices ? fields["recId"] : $"{company.ToUpperInvariant()}-{place:D6}", Type = set, Kind = set switch { Journals => RecordKind.GlJournal, Payments => RecordKind.Receipt, _ => RecordKind.Invoice },
            Key = KeyOf(set, body), Company = company, Party = body.Str("CustomerAccount"), Currency = body.Str("CurrencyCode"), Date = body.Str("InvoiceDate") is { } date ? FinanceWords.Day(date) : null, Fields = fields,
        };
        if (erp.Faults.OfRecord(SimulatorFault.BatchPartial, set, record.Key) is not null) return erp.Say(Trouble.Validation);
        return Answer.Of(201, ShowHeader(erp.Work.Put(record), context: true), FinanceWords.Json).With("Location", erp.Place(set, record)).With("ETag", FinanceWords.Tag(record));

        Answer? Invoice(JsonElement header) => header.Str("CustomerAccount") is not { } customer || !erp.Master.HasCustomer(customer)
            ? FinanceWords.Infolog(Entity(set), $"The value '{header.Str("CustomerAccount")}' in field 'Customer account' is not found in the related table 'Customers'.")
            : header.Str("CurrencyCode") is { } currency && !erp.Master.Has("currencies", currency) ? FinanceWords.Infolog(Entity(set), $"The value '{currency}' in field 'Currency' is not found in the related table 'Currency'.")
            : header.Str("InvoiceDate") is { } day && account.ChecksPeriodAtCreation && !erp.Periods.IsOpen(FinanceWords.Day(day)) ? FinanceWords.Infolog(Entity(set), FinanceWords.ClosedPeriod(account, FinanceWords.Day(day))) : null;
        Answer? Journal(JsonElement header) => header.Str("JournalName") is { Length: > 0 } ? null : FinanceWords.Infolog(Entity(set), "Field 'Name' must be filled in.");
    }

    public Answer CreateLine(string set, JsonElement body)
    {
        var parent = body.Scalar(Parent(set)) ?? "";
        if (erp.Work.Get(parent) is not { } record || record.Type != HeaderOf(set) || (body.Str("dataAreaId") is { } company && !company.Equals(record.Company, StringComparison.OrdinalIgnoreCase)))
            return FinanceWords.Infolog(Entity(set), $"The value '{parent}' in field '{Parent(set)}' is not found in the related table.");
        if (record.Posted) return FinanceWords.Infolog(Entity(set), $"Journal {parent} has been posted.");
        var number = body.Number("LineNumber")?.ToString() ?? NextLine(record).ToString(CultureInfo.InvariantCulture);
        if (set != InvoiceLines && record.Fields.ContainsKey($"line{number}"))
        {
            erp.Statistics.CountDuplicate();
            return FinanceWords.Infolog(Entity(set), account.DuplicateLineText);
        }
        if (Check(set, body) is { } error) return FinanceWords.Infolog(Entity(set), error);
        var fields = new Dictionary<string, string>(record.Fields) { [$"line{number}"] = Numbered(record) };
        fields["version"] = (int.Parse(fields["version"], CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);
        var changed = AddLine(record with { Event = RecordEvent.Changed, Fields = fields }, set, body);
        return Answer.Of(201, ShowLine(erp.Work.Put(changed), set, number), FinanceWords.Json);
    }

    /// <summary>Why a line cannot be, as an Infolog text, or null.</summary>
    public string? Check(string set, JsonElement body)
    {
        if (set == InvoiceLines) return body.Str("MainAccountDisplayValue") is { } main && !erp.Master.Has("accounts", Segment(main)) ? $"Main account {Segment(main)} does not exist." : null;
        var value = body.Str("AccountDisplayValue") ?? "";
        var type = body.Str("AccountType") ?? (set == PaymentLines ? "Cust" : "Ledger");
        if (type == "Ledger" && (value.Length == 0 || !erp.Master.Has("accounts", Segment(value)))) return $"Main account {Segment(value)} does not exist.";
        if (type == "Cust" && !erp.Master.HasCustomer(Unescaped(value))) return $"The value '{Unescaped(value)}' in field 'Account' is not found in the related table 'Customers'.";
        if (body.Str("CurrencyCode") is { } currency && !erp.Master.Has("currencies", currency)) return $"The value '{currency}' in field 'Currency' is not found in the related table 'Currency'.";
        var (debit, credit) = (body.Number("DebitAmount") ?? ExactDecimal.Zero, body.Number("CreditAmount") ?? ExactDecimal.Zero);
        if (debit != ExactDecimal.Zero && credit != ExactDecimal.Zero) return "Only debit or credit may be filled in.";
        var day = body.Str("TransDate") ?? body.Str("TransactionDate");
        return day is not null && account.ChecksPeriodAtCreation && !erp.Periods.IsOpen(FinanceWords.Day(day)) ? FinanceWords.ClosedPeriod(account, FinanceWords.Day(day)) : null;
    }

    /// <summary>The record with one more line.</summary>
    public SimulatedRecord AddLine(SimulatedRecord record, string set, JsonElement body)
    {
        var lines = new List<SimulatedLine>(record.Lines);
        if (set == InvoiceLines)
        {
            var (quantity, price) = (body.Number("Quantity") ?? ExactDecimal.FromInteger(1), body.Number("UnitPrice") ?? ExactDecimal.Zero);
            var amount = body.Number("Amount") ?? new ExactDecimal((Int128)ExactDecimal.DivideHalfEven((BigInteger)quantity.Unscaled * price.Unscaled, ExactDecimal.One)).Round(2);
            lines.Add(Side(body.Str("MainAccountDisplayValue") ?? "revenue", -amount, body.Str("Description")));
            var total = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Credit) - ExactDecimal.Parse(l.Debit));
            var credited = total < ExactDecimal.Zero;
            return record with { Lines = lines, Amount = (credited ? -total : total).ToString(), Kind = credited ? RecordKind.CreditMemo : RecordKind.Invoice };
        }
        var net = (body.Number("DebitAmount") ?? ExactDecimal.Zero) - (body.Number("CreditAmount") ?? ExactDecimal.Zero);
        var party = body.Str("AccountType") == "Cust" || set == PaymentLines ? Unescaped(body.Str("AccountDisplayValue") ?? "") : null;
        lines.Add(Side(body.Str("AccountDisplayValue") ?? "", net, body.Str("Text")) with { AppliesTo = body.Str("MarkedInvoice"), Party = party });
        if (body.Str("OffsetAccountDisplayValue") is { Length: > 0 } offset) lines.Add(Side($"offset:{offset}", -net, null));
        return record with
        {
            Lines = lines, Party = record.Party ?? party, Currency = body.Str("CurrencyCode") ?? record.Currency, Key = record.Key ?? KeyOf(set, body),
            Date = (body.Str("TransDate") ?? body.Str("TransactionDate")) is { } day ? FinanceWords.Day(day) : record.Date,
            Amount = (ExactDecimal.Parse(record.Amount) + (record.Kind == RecordKind.Receipt ? -net : Positive(net))).ToString(),
        };
    }

    public JsonObject ShowHeader(SimulatedRecord record, bool context = false)
    {
        var body = new JsonObject();
        if (context) body["@odata.context"] = new Uri(erp.Address, $"/data/$metadata#{record.Type}/$entity").ToString();
        body["@odata.etag"] = FinanceWords.Tag(record);
        body["dataAreaId"] = record.Company;
        if (record.Type == Invoices) AddInvoice(body, record);
        else
        {
            body["JournalBatchNumber"] = record.Id;
            body["AccountingCurrency"] = "";
            body["JournalName"] = record.Field("JournalName");
            body["IntegrationKey"] = record.Field("IntegrationKey") ?? "";
            body["Description"] = Described(record);
            body["PostingLayer"] = "Current";
            body["JournalTotalDebit"] = Answer.Number(Sum(record, l => l.Debit));
            body["JournalTotalCredit"] = Answer.Number(Sum(record, l => l.Credit));
        }
        body["IsPosted"] = record.Posted ? "Yes" : "No";
        return body;
    }

    public IEnumerable<JsonObject> ShowLines(SimulatedRecord record, string set) =>
        record.Fields.Where(f => f.Key.StartsWith("line", StringComparison.Ordinal)).OrderBy(f => int.Parse(f.Value, CultureInfo.InvariantCulture)).Select(f => ShowLine(record, set, f.Key[4..]));

    /// <summary>The number of the line to come, as text in the record's fields.</summary>
    public static string Numbered(SimulatedRecord record) => record.Lines.Count.ToString(CultureInfo.InvariantCulture);

    public static string Entity(string set) => set switch { Invoices => "FreeTextInvoiceHeaderEntity", InvoiceLines => "FreeTextInvoiceLineEntity", Journals => "LedgerJournalHeaderEntity", JournalLines => "LedgerJournalLineEntity", Payments => "CustomerPaymentJournalHeaderEntity", _ => "CustomerPaymentJournalLineEntity" };

    static JsonObject ShowLine(SimulatedRecord record, string set, string number)
    {
        var line = record.Lines[int.Parse(record.Fields[$"line{number}"], CultureInfo.InvariantCulture)];
        var body = new JsonObject { ["@odata.etag"] = FinanceWords.Tag(record), ["dataAreaId"] = record.Company, ["LineNumber"] = Answer.Number(number) };
        if (set == InvoiceLines)
        {
            var amount = ExactDecimal.Parse(line.Credit) - ExactDecimal.Parse(line.Debit);
            body["ParentRecId"] = long.Parse(record.Id, CultureInfo.InvariantCulture);
            body["MainAccountDisplayValue"] = line.Account;
            body["Description"] = line.Text;
            body["Quantity"] = 1;
            body["UnitPrice"] = Answer.Number(amount);
            body["Amount"] = Answer.Number(amount);
            return body;
        }
        body["JournalBatchNumber"] = record.Id;
        body["AccountType"] = line.Party is null ? "Ledger" : "Cust";
        body["AccountDisplayValue"] = line.Account;
        body["DebitAmount"] = Answer.Number(line.Debit);
        body["CreditAmount"] = Answer.Number(line.Credit);
        body["CurrencyCode"] = record.Currency;
        body["Text"] = line.Text ?? "";
        body["Document"] = record.Key ?? "";
        body["PaymentReference"] = record.Key ?? "";
        body["Voucher"] = $"{record.Id}V";
        body[set == PaymentLines ? "TransactionDate" : "TransDate"] = record.Date is null ? NullDate : $"{record.Date}T12:00:00Z";
        body["DueDate"] = NullDate;
        if (line.AppliesTo is not null) body["MarkedInvoice"] = line.AppliesTo;
        return body;
    }

    static void AddInvoice(JsonObject body, SimulatedRecord record)
    {
        body["InvoiceIdentifier"] = long.Parse(record.Id, CultureInfo.InvariantCulture);
        body["FreeTextNumber"] = record.Number ?? "Not posted";
        body["CustomerAccount"] = record.Party;
        body["CurrencyCode"] = record.Currency;
        body["InvoiceDate"] = record.Date is null ? NullDate : $"{record.Date}T12:00:00Z";
        body["DueDate"] = record.Date is null ? NullDate : $"{record.Date}T12:00:00Z";
        body["PostingProfile"] = "GEN";
        body["ExternalInvoiceId"] = record.Fields.ContainsKey("ExternalInvoiceId") ? record.Key : "";
        body["CustomerReference"] = record.Field("CustomerReference") ?? "";
        body["IsCorrection"] = record.Field("IsCorrection") ?? "No";
        body["InvoiceAmount"] = Answer.Number(record.Kind == RecordKind.CreditMemo ? $"-{record.Amount}" : record.Amount);
    }

    // The key as it is now: an operator may have changed it.
    static string Described(SimulatedRecord record)
    {
        var text = record.Field("Description") ?? "";
        var key = DocumentKeys.In(text);
        return key is null || record.Key is null ? text : text.Replace(key, record.Key, StringComparison.Ordinal);
    }

    static int NextLine(SimulatedRecord record) => record.Fields.Count(f => f.Key.StartsWith("line", StringComparison.Ordinal)) + 1;

    static ExactDecimal Positive(ExactDecimal amount) => amount > ExactDecimal.Zero ? amount : ExactDecimal.Zero;

    static ExactDecimal Sum(SimulatedRecord record, Func<SimulatedLine, string> side) => record.Lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(side(l)));

    static SimulatedLine Side(string name, ExactDecimal debit, string? text) => debit < ExactDecimal.Zero ? new(name, "0", (-debit).ToString(), text) : new(name, debit.ToString(), "0", text);

    /// <summary>The main account: what stands before the first dash that is not escaped.</summary>
    static string Segment(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\') i++;
            else if (value[i] == '-') return Unescaped(value[..i]);
        }
        return Unescaped(value);
    }

    static string Unescaped(string value) => value.Replace("\\-", "-", StringComparison.Ordinal);
}
