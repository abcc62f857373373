using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>
/// journals with journalLines, customerPaymentJournals with customerPayments: batches of half-typed lines until the action posts the whole batch or nothing.
/// A journal line has no currency. One record of the simulator's journal is what one document number has in one batch.
/// </summary>
sealed class BusinessCentralJournals(BusinessCentralSimulator erp, BusinessCentralSetup account)
{
    public const string General = "journals", Payments = "customerPaymentJournals";

    static readonly HashSet<string> LineFields = new(StringComparer.Ordinal)
    {
        "id", "journalId", "journalDisplayName", "lineNumber", "accountType", "accountId", "accountNumber", "postingDate", "documentNumber", "externalDocumentNumber", "amount", "description", "comment", "taxCode",
        "balanceAccountType", "balancingAccountId", "balancingAccountNumber", "customerId", "customerNumber", "contactId", "appliesToInvoiceId", "appliesToInvoiceNumber", "dimensionSetLines", "shortcutDimension1Code", "shortcutDimension2Code",
    };

    sealed record Batch(string Id, string Set, string Company, string Code, string Name, string Balancing)
    {
        /// <summary>Ids of the unposted records that hold its lines.</summary>
        public List<string> Documents { get; } = [];
    }

    readonly Dictionary<string, Batch> _batches = [];
    readonly Dictionary<(string Set, string Company, string Code), string> _codes = [];

    // Batches ever made: an id is never given twice, whatever is deleted in between.
    int _made;

    public static bool IsSet(string set) => set is General or Payments;

    public static string LinesOf(string set) => set == General ? "journalLines" : "customerPayments";

    public void Restore(SimulatedRecord record)
    {
        if (record.Event == RecordEvent.Note && IsSet(record.Type))
        {
            if (record.Fields.ContainsKey("deleted")) Forget(record.Id);
            else
            {
                _made++;
                Remember(new Batch(record.Id, record.Type, record.Company!, record.Key!, record.Fields["name"], record.Fields["balancing"]));
            }
        }
        else if (record.Field("journal") is { } journal && _batches.TryGetValue(journal, out var batch))
        {
            if (record.Posted || record.Event == RecordEvent.Deleted) batch.Documents.Remove(record.Id);
            else if (!batch.Documents.Contains(record.Id)) batch.Documents.Add(record.Id);
        }
    }

    public Answer Create(string company, string set, JsonElement body)
    {
        if (body.Str("code") is not { Length: > 0 } code) return erp.Refuse("Application_FieldValidationException", "Name must have a value.");
        if (code.Length > 10) return erp.Refuse("Application_StringExceededLength", $"The length of the string is {code.Length}, but it must be less than or equal to 10 characters.");
        if (_codes.ContainsKey((set, company, code)))
        {
            erp.Statistics.CountDuplicate();
            return erp.Refuse("Internal_EntityWithSameKeyExists", $"The record in table Gen. Journal Batch already exists. Identification fields and values: Name='{code}'.");
        }
        var batch = new Batch(erp.NewId(_made++), set, company, code, body.Str("displayName") ?? code, body.Str("balancingAccountNumber") ?? "");
        Remember(batch);
        erp.Work.OnRollback(() => Forget(batch.Id));
        erp.Work.Note(Note(batch, new Dictionary<string, string> { ["name"] = batch.Name, ["balancing"] = batch.Balancing }));
        return Answer.Of(201, Show(batch), BusinessCentralSimulator.Json);
    }

    public IEnumerable<JsonObject> List(string company, string set) => _batches.Values.Where(b => b.Set == set && b.Company == company).Select(Show);

    public Answer Get(string id) => _batches.TryGetValue(id, out var batch) ? Answer.Of(200, Show(batch), BusinessCentralSimulator.Json) : erp.Say(Trouble.NotFound);

    public IEnumerable<JsonObject> Lines(string id) => _batches.TryGetValue(id, out var batch)
        ? batch.Documents.Select(erp.Work.Get).OfType<SimulatedRecord>().SelectMany(r => Enumerable.Range(0, r.Lines.Count).Where(i => !IsBalancing(r.Lines[i])).Select(i => ShowLine(batch, r, i))) : [];

    public Answer AddLine(string id, JsonElement line)
    {
        if (!_batches.TryGetValue(id, out var batch)) return erp.Say(Trouble.NotFound);
        if (line.EnumerateObject().Select(p => p.Name).FirstOrDefault(n => !LineFields.Contains(n)) is { } unknown)
            return erp.Refuse("BadRequest", $"The property '{unknown}' does not exist on type 'Microsoft.NAV.{(batch.Set == General ? "journalLine" : "customerPayment")}'. Make sure to only use property names that are defined by the type.");
        if (line.Str("documentNumber") is { Length: > 20 }) return erp.Refuse("Application_StringExceededLength", "The length of the string is 21, but it must be less than or equal to 20 characters.");
        var document = line.Str("documentNumber") ?? "";
        var known = batch.Documents.Select(erp.Work.Get).OfType<SimulatedRecord>().FirstOrDefault(r => r.Number == document);
        var record = known ?? NewDocument(batch, document, line);
        var refusal = batch.Set == General ? AddEntry(ref record, line) : AddPayment(batch, ref record, line);
        if (refusal is not null) return refusal;
        if (known is null) AddDocument(batch, record.Id);
        record = erp.Work.Put(known is null ? record : record with { Event = RecordEvent.Changed });
        return Answer.Of(201, ShowLine(batch, record, record.Lines.ToList().FindLastIndex(l => !IsBalancing(l))), BusinessCentralSimulator.Json);
    }

    /// <summary>Posts every line of the batch, or none.</summary>
    public Answer Post(string id)
    {
        if (!_batches.TryGetValue(id, out var batch)) return erp.Say(Trouble.NotFound);
        var records = batch.Documents.Select(erp.Work.Get).OfType<SimulatedRecord>().ToList();
        if (records.Count == 0) return erp.Refuse("Application_DialogException", "There is nothing to post.");
        foreach (var record in records)
        {
            if (!erp.Periods.IsOpen(record.Date!)) return erp.Say(Trouble.ClosedPeriod);
            var balance = record.Lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Debit) - ExactDecimal.Parse(l.Credit));
            if (balance != ExactDecimal.Zero) return erp.Refuse("Application_DialogException", $"The total of the lines of document {record.Number} is out of balance by {balance}.");
            if (erp.Faults.OfRecord(SimulatorFault.BatchPartial, record.Type, record.Key) is not null) return erp.Say(Trouble.Validation);
        }
        foreach (var record in records) erp.Work.Put(record with { Event = RecordEvent.Posted, Posted = true });
        var posted = batch.Documents.ToList();
        batch.Documents.Clear();
        erp.Work.OnRollback(() => batch.Documents.AddRange(posted));
        return new Answer(204);
    }

    public Answer Delete(string id)
    {
        if (!_batches.TryGetValue(id, out var batch)) return erp.Say(Trouble.NotFound);
        foreach (var record in batch.Documents.Select(erp.Work.Get).OfType<SimulatedRecord>().ToList()) erp.Work.Put(record with { Event = RecordEvent.Deleted });
        Forget(id);
        erp.Work.OnRollback(() => Remember(batch));
        erp.Work.Note(Note(batch, new Dictionary<string, string> { ["deleted"] = "true" }));
        return new Answer(204);
    }

    /// <summary>What posted documents left in the general ledger.</summary>
    public static IEnumerable<JsonObject> Entries(SimulatedRecord record) => record.Lines.Select((line, i) => new JsonObject
    {
        ["id"] = $"{record.Id[..24]}{i:D12}", ["entryNumber"] = i + 1, ["postingDate"] = record.Date, ["documentNumber"] = record.Number, ["documentType"] = record.Kind == RecordKind.Receipt ? "Payment" : " ",
        ["accountNumber"] = line.Account, ["description"] = line.Text ?? "", ["debitAmount"] = Answer.Number(line.Debit), ["creditAmount"] = Answer.Number(line.Credit),
    });

    SimulatedRecord NewDocument(Batch batch, string document, JsonElement line) => new()
    {
        Id = erp.NewId(), Type = LinesOf(batch.Set), Kind = batch.Set == General ? RecordKind.GlJournal : RecordKind.Receipt, Key = line.Str("externalDocumentNumber") is { Length: > 0 } key ? key : document,
        Company = batch.Company, Party = batch.Set == General ? null : line.Str("customerNumber"), Currency = account.LocalCurrency, Number = document,
        Date = DateOnly.ParseExact(line.Str("postingDate") ?? throw new FormatException("postingDate is missing"), "yyyy-MM-dd", CultureInfo.InvariantCulture).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        Fields = new Dictionary<string, string> { ["journal"] = batch.Id },
    };

    Answer? AddEntry(ref SimulatedRecord record, JsonElement line)
    {
        if (line.Str("accountNumber") is not { } number) return erp.Refuse("Application_FieldValidationException", "Account No. must have a value.");
        var ofLedger = line.Str("accountType") is null or "G/L Account" or "G_x002F_L_x0020_Account";
        if (ofLedger && !erp.Master.Has("accounts", number)) return erp.Refuse("Internal_RecordNotFound", $"The G/L Account does not exist. Identification fields and values: No.='{number}'.");
        var amount = line.Number("amount") ?? ExactDecimal.Zero;
        List<SimulatedLine> lines = [.. record.Lines, Side(number, amount) with { Text = line.Str("description") }];
        if (line.Str("balancingAccountNumber") is { Length: > 0 } balancing) lines.Add(Side($"balance:{balancing}", -amount));
        record = record with { Lines = lines, Amount = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Debit)).ToString() };
        return null;
    }

    // Payments are credits of the customer; the sign of the amount says so or is left out.
    Answer? AddPayment(Batch batch, ref SimulatedRecord record, JsonElement line)
    {
        if (line.Str("customerNumber") is not { } customer || !erp.Master.HasCustomer(customer)) return erp.Refuse("Internal_RecordNotFound", $"The Customer does not exist. Identification fields and values: No.='{line.Str("customerNumber")}'.");
        var amount = line.Number("amount") ?? ExactDecimal.Zero;
        if (amount == ExactDecimal.Zero) return erp.Refuse("Application_FieldValidationException", "Amount must have a value.");
        var paid = amount < ExactDecimal.Zero ? -amount : amount;
        var invoice = line.Str("appliesToInvoiceNumber");
        if (invoice is { Length: > 0 } && !erp.IsPostedInvoice(invoice, customer)) return erp.Refuse("Application_DialogException", $"There is no open invoice {invoice} of customer {customer}.");
        List<SimulatedLine> lines = [.. record.Lines, Side($"customer:{customer}", -paid) with { Text = line.Str("description"), AppliesTo = invoice, Party = customer }, Side($"balance:{batch.Balancing}", paid)];
        record = record with { Lines = lines, Amount = (ExactDecimal.Parse(record.Amount) + paid).ToString() };
        return null;
    }

    static SimulatedLine Side(string name, ExactDecimal debit) => debit < ExactDecimal.Zero ? new(name, "0", (-debit).ToString()) : new(name, debit.ToString(), "0");

    static bool IsBalancing(SimulatedLine line) => line.Account.StartsWith("balance:", StringComparison.Ordinal);

    void AddDocument(Batch batch, string id)
    {
        batch.Documents.Add(id);
        erp.Work.OnRollback(() => batch.Documents.Remove(id));
    }

    void Remember(Batch batch)
    {
        _batches[batch.Id] = batch;
        _codes[(batch.Set, batch.Company, batch.Code)] = batch.Id;
    }

    void Forget(string id)
    {
        if (_batches.Remove(id, out var batch)) _codes.Remove((batch.Set, batch.Company, batch.Code));
    }

    static SimulatedRecord Note(Batch batch, Dictionary<string, string> fields) => new() { Event = RecordEvent.Note, Id = batch.Id, Type = batch.Set, Key = batch.Code, Company = batch.Company, Fields = fields };

    static JsonObject Show(Batch batch) => new() { ["@odata.etag"] = $"W/\"{batch.Id}\"", ["id"] = batch.Id, ["code"] = batch.Code, ["displayName"] = batch.Name, ["balancingAccountNumber"] = batch.Balancing };

    static JsonObject ShowLine(Batch batch, SimulatedRecord record, int place)
    {
        var line = record.Lines[place];
        var body = new JsonObject
        {
            ["@odata.etag"] = BusinessCentralSimulator.Tag(record), ["id"] = $"{record.Id[..24]}{place:D12}", ["journalId"] = batch.Id, ["lineNumber"] = 10_000 * (place + 1), ["postingDate"] = record.Date, ["documentNumber"] = record.Number,
            ["externalDocumentNumber"] = record.Key, ["amount"] = Answer.Number(ExactDecimal.Parse(line.Debit) - ExactDecimal.Parse(line.Credit)), ["description"] = line.Text ?? "",
        };
        if (batch.Set == General) body["accountNumber"] = line.Account;
        else
        {
            body["customerNumber"] = line.Party;
            body["appliesToInvoiceNumber"] = line.AppliesTo ?? "";
        }
        return body;
    }
}
