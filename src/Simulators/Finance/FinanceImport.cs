using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>
/// The data management package API: upload address, import under the caller's execution id, status, errors. Placeholder batch numbers are replaced; a journal
/// with a bad line stays out, the others come in. Two imports of one definition group at a time are refused.
/// </summary>
sealed class FinanceImport(FinanceSimulator erp, FinanceSetup account, FinanceRecords records)
{
    const string Actions = "/data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities.";
    const string Blobs = "/blob/";
    const int LargestUnpacked = 256 * 1024 * 1024;

    sealed class Execution(string id, string group)
    {
        public readonly string Id = id, Group = group;
        public string Status = "Executing";
        public List<(string Key, string Text)> Errors = [];
        public bool Silent;
    }

    readonly Dictionary<string, byte[]> _blobs = [];
    readonly Dictionary<string, Execution> _executions = [];

    public static bool Takes(Call call) => call.Path.StartsWith(Actions, StringComparison.Ordinal) || call.Path.StartsWith(Blobs, StringComparison.Ordinal);

    public static bool IsBlob(Call call) => call.Path.StartsWith(Blobs, StringComparison.Ordinal);

    public void Restore(SimulatedRecord note)
    {
        if (note.Type != "execution") return;
        var errors = JsonSerializer.Deserialize<List<string[]>>(note.Fields["errors"])!;
        _executions[note.Id] = new Execution(note.Id, note.Fields["group"]) { Status = note.Fields["status"], Errors = [.. errors.Select(e => (e[0], e[1]))] };
    }

    public Operation Read(Call call)
    {
        if (IsBlob(call)) return new Operation(false, "blob", [], _ => Blob(call));
        if (call.Method != "POST") throw new RefusedException(erp.Say(Trouble.NotFound));
        var body = call.Json();
        var execution = body.Str("executionId");
        switch (call.Path[Actions.Length..])
        {
            case "GetAzureWriteUrl":
                return new Operation(false, "package", [], _ => Value(WriteAddress(body.Str("uniqueFileName") ?? "package.zip")));
            case "ImportFromPackage":
                return new Operation(true, "package", [execution ?? ""], hit => Import(body, hit));
            case "GetExecutionSummaryStatus":
                return new Operation(false, "package", [execution ?? ""], _ => Value(execution is not null && _executions.TryGetValue(execution, out var known) ? known.Silent ? "Executing" : known.Status : "Unknown"));
            case "GetExecutionErrors":
                return new Operation(false, "package", [execution ?? ""], _ => Value(Errors(execution).ToJsonString()));
            case "GenerateImportTargetErrorKeysFile":
                return new Operation(false, "package", [execution ?? ""], _ => Value(Find(execution)?.Errors.Count > 0));
            case "GetImportTargetErrorKeysFileUrl" or "GetImportStagingErrorFileUrl":
                return new Operation(false, "package", [execution ?? ""], _ => Value(ErrorFile(execution)));
            default:
                throw new RefusedException(erp.Say(Trouble.NotFound));
        }
    }

    Execution? Find(string? id) => id is not null && _executions.TryGetValue(id, out var execution) ? execution : null;

    string WriteAddress(string file)
    {
        var id = $"{_blobs.Count + 1}-{file}";
        _blobs[id] = [];
        return new JsonObject { ["BlobId"] = $"{{{id}}}", ["BlobUrl"] = new Uri(erp.Address, $"{Blobs}{Uri.EscapeDataString(id)}?sig=simulated").ToString() }.ToJsonString();
    }

    Answer Blob(Call call)
    {
        var id = call.Path[Blobs.Length..];
        if (!_blobs.TryGetValue(id, out var content)) return new Answer(404);
        if (call.Method == "GET") return new Answer(200, content, "text/plain");
        _blobs[id] = call.Body.ToArray();
        return new Answer(201);
    }

    Answer Import(JsonElement body, FaultHit? hit)
    {
        if (body.Str("definitionGroupId") is not { Length: > 0 } group) return FinanceWords.Error(400, "", "An error has occurred.", "definitionGroupId is required.");
        if (!Uri.TryCreate(body.Str("packageUrl"), UriKind.Absolute, out var address) || !_blobs.TryGetValue(Uri.UnescapeDataString(address.AbsolutePath)[Blobs.Length..], out var package) || package.Length == 0)
            return FinanceWords.Error(400, "", "An error has occurred.", "The package cannot be read.");
        if (_executions.Values.Any(e => e.Group == group && e.Status == "Executing")) return FinanceWords.Error(400, "", "An error has occurred.", account.ParallelImportText);
        var id = body.Str("executionId") is { Length: > 0 } own ? own : $"{group}-{_executions.Count + 1}";
        if (_executions.ContainsKey(id)) return FinanceWords.Error(400, "", "An error has occurred.", $"The execution id {id} already exists.");
        var execution = new Execution(id, group) { Silent = hit?.Kind == SimulatorFault.CommitThenPendingForever };
        _executions[id] = execution;
        var company = body.Str("legalEntityId") ?? account.DefaultCompany;
        if (hit?.Kind != SimulatorFault.PendingForever)
        {
            if (account.ImportTime > TimeSpan.Zero) erp.Later(account.ImportTime, () => erp.AloneAsync(() => Run(execution, package, company)));
            else Run(execution, package, company);
        }
        return Value(id);
    }

    bool Run(Execution execution, byte[] package, string company)
    {
        var journals = Rows(package).GroupBy(r => r.Str("JournalBatchNumber") ?? "").ToList();
        var taken = 0;
        foreach (var journal in journals)
        {
            var error = journal.Select(line => records.Check(FinanceRecords.JournalLines, line)).FirstOrDefault(e => e is not null) ?? Unbalanced(journal);
            var key = DocumentKeys.In(journal.First().Str("Description"), journal.First().Str("Document"), journal.Key);
            if (erp.Faults.OfRecord(SimulatorFault.BatchPartial, FinanceRecords.Journals, key) is not null) error = "Main account 0 does not exist.";
            if (error is null)
            {
                Create(journal, key, company);
                taken++;
            }
            else execution.Errors.Add((journal.Key, error));
        }
        execution.Status = taken == journals.Count ? "Succeeded" : taken > 0 ? "PartiallySucceeded" : "Failed";
        erp.Journal.Append(new SimulatedRecord
        {
            Event = RecordEvent.Note, Id = execution.Id, Type = "execution",
            Fields = new Dictionary<string, string> { ["group"] = execution.Group, ["status"] = execution.Status, ["errors"] = JsonSerializer.Serialize(execution.Errors.Select(e => new[] { e.Key, e.Text })) },
        });
        return true;
    }

    static string? Unbalanced(IEnumerable<JsonElement> lines)
    {
        var balance = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + (l.Number("DebitAmount") ?? ExactDecimal.Zero) - (l.Number("CreditAmount") ?? ExactDecimal.Zero));
        return balance == ExactDecimal.Zero ? null : $"The transactions on the voucher do not balance: {balance}.";
    }

    void Create(IEnumerable<JsonElement> lines, string? key, string company)
    {
        var first = lines.First();
        var place = erp.Work.Created + 1;
        var record = new SimulatedRecord
        {
            Id = $"{company.ToUpperInvariant()}-{place:D6}", Type = FinanceRecords.Journals, Kind = RecordKind.GlJournal, Key = key, Company = company,
            Fields = new Dictionary<string, string> { ["recId"] = (5_637_144_576 + place).ToString(CultureInfo.InvariantCulture), ["version"] = "1", ["JournalName"] = first.Str("JournalName") ?? "", ["Description"] = first.Str("Description") ?? "" },
        };
        foreach (var line in lines)
        {
            var number = line.Number("LineNumber")?.ToString() ?? (record.Lines.Count + 1).ToString(CultureInfo.InvariantCulture);
            record = records.AddLine(record with { Fields = new Dictionary<string, string>(record.Fields) { [$"line{number}"] = FinanceRecords.Numbered(record) } }, FinanceRecords.JournalLines, line);
        }
        erp.Work.Put(record);
    }

    JsonArray Errors(string? id) => [.. (Find(id)?.Errors ?? []).Select(e => new JsonObject { ["RecordId"] = e.Key, ["Field"] = "", ["ErrorMessage"] = e.Text })];

    string ErrorFile(string? id)
    {
        if (Find(id) is not { Errors.Count: > 0 } execution) return "";
        var name = $"errors-{execution.Id}.csv";
        _blobs[name] = Encoding.UTF8.GetBytes(string.Join("\r\n", execution.Errors.Select(e => $"{e.Key},\"{e.Text}\"").Prepend("JOURNALBATCHNUMBER,ERRORMESSAGE")));
        return new Uri(erp.Address, $"{Blobs}{Uri.EscapeDataString(name)}").ToString();
    }

    /// <summary>The rows of the package's CSV as objects whose names are those of the OData entity.</summary>
    static List<JsonElement> Rows(byte[] package)
    {
        using var zip = new ZipArchive(new MemoryStream(package), ZipArchiveMode.Read);
        var entry = zip.Entries.FirstOrDefault(e => e.Name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)) ?? throw new InvalidDataException("the package holds no csv");
        if (entry.Length > LargestUnpacked) throw new InvalidDataException("the csv is too large");
        using var reader = new StreamReader(entry.Open(), Encoding.UTF8);
        var names = Csv.Split(reader.ReadLine() ?? "").Select(Name).ToList();
        var rows = new List<JsonElement>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0) continue;
            var row = new JsonObject();
            foreach (var (name, value) in names.Zip(Csv.Split(line))) row[name] = value.Length == 0 ? null : value;
            rows.Add(JsonSerializer.SerializeToElement(row));
        }
        return rows;
    }

    static string Name(string column) => column.ToUpperInvariant() switch
    {
        "JOURNALBATCHNUMBER" => "JournalBatchNumber", "LINENUMBER" => "LineNumber", "JOURNALNAME" => "JournalName", "DESCRIPTION" => "Description", "ACCOUNTTYPE" => "AccountType", "ACCOUNTDISPLAYVALUE" => "AccountDisplayValue",
        "DEBITAMOUNT" => "DebitAmount", "CREDITAMOUNT" => "CreditAmount", "CURRENCYCODE" => "CurrencyCode", "TRANSDATE" => "TransDate", "VOUCHER" => "Voucher", "TEXT" => "Text", "DOCUMENT" => "Document",
        "OFFSETACCOUNTDISPLAYVALUE" => "OffsetAccountDisplayValue", "OFFSETACCOUNTTYPE" => "OffsetAccountType", _ => column,
    };

    static Answer Value(JsonNode? value) => Answer.Of(200, new JsonObject { ["@odata.context"] = "$metadata#Edm.String", ["value"] = value }, FinanceWords.Json);
}
