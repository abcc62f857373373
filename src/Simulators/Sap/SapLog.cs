using System.Xml.Linq;

namespace Streams.Simulators;

/// <summary>One line of a confirmation's log: message number with class, severity 1 (success) or 3 (error), text.</summary>
sealed record SapMessage(string TypeId, int Severity, string Note);

/// <summary>The outcome of one journal entry: the record, or why there is none.</summary>
sealed record SapOutcome(string? ReferenceId, SimulatedRecord? Record, IReadOnlyList<SapMessage> Log)
{
    /// <summary>The confirmation as the service answers it.</summary>
    public XElement Show(DateTimeOffset at)
    {
        var worst = Log.Max(m => m.Severity).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return new XElement("JournalEntryCreateConfirmation",
            new XElement("MessageHeader", new XElement("ReferenceID", ReferenceId), new XElement("CreationDateTime", SapXml.Time(at))),
            new XElement("JournalEntryCreateConfirmation",
                new XElement("AccountingDocument", Record?.Number ?? "0000000000"), new XElement("CompanyCode", Record?.Company ?? ""), new XElement("FiscalYear", Record?.Field("fiscalYear") ?? "0000")),
            new XElement("Log", new XElement("MaximumLogItemSeverityCode", worst),
                Log.Select(m => new XElement("Item", new XElement("TypeID", m.TypeId), new XElement("SeverityCode", m.Severity), new XElement("Note", m.Note), new XElement("WebURI", "http://localhost")))));
    }
}

/// <summary>SOAP around the service's messages.</summary>
static class SapXml
{
    public static readonly XNamespace Envelope = "http://schemas.xmlsoap.org/soap/envelope/", Finance = "http://sap.com/xi/SAPSCORE/SFIN";
    public const string ContentType = "text/xml; charset=utf-8";

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    public static XElement Confirmation(string name, string? messageId, IEnumerable<SapOutcome> outcomes, DateTimeOffset at)
    {
        var list = outcomes.ToList();
        var worst = list.Count == 0 ? 0 : list.SelectMany(o => o.Log).Max(m => m.Severity);
        return new XElement(Finance + name,
            new XElement("MessageHeader", new XElement("ReferenceID", messageId), new XElement("CreationDateTime", Time(at))),
            list.Select(o => o.Show(at)),
            new XElement("Log", new XElement("MaximumLogItemSeverityCode", worst)));
    }

    public static Answer Wrap(XElement body) => Answer.Of(200, Text(body), ContentType);

    public static string Text(XElement body) =>
        new XElement(Envelope + "Envelope", new XAttribute(XNamespace.Xmlns + "soap-env", Envelope.NamespaceName), new XElement(Envelope + "Header"), new XElement(Envelope + "Body", body)).ToString(SaveOptions.DisableFormatting);

    public static Answer Fault(int status, string code, string text) => Answer.Of(status, Text(new XElement(Envelope + "Fault",
        new XElement("faultcode", $"soap-env:{code}"), new XElement("faultstring", new XAttribute(XNamespace.Xml + "lang", "en"), text))), ContentType);

    /// <summary>A child by its local name: services differ in whether they qualify them.</summary>
    public static XElement? Child(this XElement element, string name) => element.Elements().FirstOrDefault(e => e.Name.LocalName == name);

    public static IEnumerable<XElement> Children(this XElement element, string name) => element.Elements().Where(e => e.Name.LocalName == name);

    public static string? Value(this XElement element, string name) => element.Child(name)?.Value is { Length: > 0 } text ? text.Trim() : null;
}
