using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Streams.Schemas;

namespace Streams.ErpSink.Dynamics;

/// <summary>
/// A data package of general journals: a zip of the manifest, the header and one CSV. Batch number and voucher are placeholders that F&amp;O replaces; they
/// hold the document's key, so that every error that names a record names the document.
/// </summary>
static class DynamicsPackage
{
    static readonly string[] Columns =
        ["JournalBatchNumber", "LineNumber", "JournalName", "Description", "AccountType", "AccountDisplayValue", "DebitAmount", "CreditAmount", "CurrencyCode", "ExchRate", "TransDate", "Voucher", "Text", "Document", "DocumentDate"];

    static readonly XNamespace Namespace = "http://schemas.microsoft.com/dynamics/2015/01/DataManagement";

    // A fixed one: the same documents make the same package.
    static readonly DateTimeOffset EntryTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static byte[] Write(IReadOnlyList<ErpDocument> documents, DynamicsRecord records, DynamicsOptions options)
    {
        var file = $"{options.JournalEntity}.csv";
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(zip, "Manifest.xml", Manifest(options, file).ToString());
            Add(zip, "PackageHeader.xml", Header(options).ToString());
            Add(zip, file, Csv(documents, records));
        }
        return buffer.ToArray();
    }

    static string Csv(IReadOnlyList<ErpDocument> documents, DynamicsRecord records)
    {
        var text = new StringBuilder(string.Join(',', Columns.Select(c => c.ToUpperInvariant()))).Append("\r\n");
        var invoices = new Dictionary<string, string>();
        foreach (var document in documents)
        {
            var header = records.Header(document);
            foreach (var line in records.Lines(document, invoices))
            {
                line["JournalBatchNumber"] = document.DocumentKey;
                line["Voucher"] = document.DocumentKey;
                line["JournalName"] = header["JournalName"]!.DeepClone();
                line["Description"] = header["Description"]!.DeepClone();
                text.AppendJoin(',', Columns.Select(c => Field(line[c]))).Append("\r\n");
            }
        }
        return text.ToString();
    }

    static string Field(JsonNode? value)
    {
        var text = value switch { null => "", JsonValue v when v.TryGetValue<string>(out var s) => s, _ => value.ToJsonString() };
        return text.AsSpan().ContainsAny("\",\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    static XElement Manifest(DynamicsOptions options, string file) => new(Namespace + "DataManagementPackageManifest",
        new XElement(Namespace + "DefinitionGroupName", options.DefinitionGroup),
        new XElement(Namespace + "Description", "Usage journals"),
        new XElement(Namespace + "PackageEntityList", new XElement(Namespace + "DataManagementPackageEntityData",
            new XElement(Namespace + "DefaultRefreshType", "FullPush"),
            new XElement(Namespace + "Disable", "false"),
            new XElement(Namespace + "EntityMapList", Columns.Select(c => new XElement(Namespace + "EntityMap",
                new XElement(Namespace + "ArrayIndex", "0"), new XElement(Namespace + "EntityField", c.ToUpperInvariant()), new XElement(Namespace + "XMLField", c.ToUpperInvariant())))),
            new XElement(Namespace + "EntityName", options.JournalEntity),
            new XElement(Namespace + "ExecutionUnit", "1"),
            new XElement(Namespace + "InputFilePath", file),
            new XElement(Namespace + "LevelInExecutionUnit", "1"),
            new XElement(Namespace + "SequenceInLevel", "1"),
            new XElement(Namespace + "SkipStaging", "false"),
            new XElement(Namespace + "SourceFormat", "CSV-Unicode"),
            new XElement(Namespace + "TargetEntity", "LedgerJournalEntity"))));

    static XElement Header(DynamicsOptions options) => new(Namespace + "DataManagementPackageHeader",
        new XElement(Namespace + "Description", options.DefinitionGroup),
        new XElement(Namespace + "ManifestType", "Microsoft.Dynamics.AX.Framework.Tools.DataManagement.Serialization.DataManagementPackageManifest"),
        new XElement(Namespace + "PackageType", "DefinitionGroup"),
        new XElement(Namespace + "PackageVersion", "2"));

    static void Add(ZipArchive zip, string name, string text)
    {
        var entry = zip.CreateEntry(name);
        entry.LastWriteTime = EntryTime;
        using var stream = entry.Open();
        stream.Write(Encoding.UTF8.GetBytes(text));
    }
}
