using System.Xml;
using System.Xml.Linq;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.S4Hana;

/// <summary>
/// What SAP answers to a message: 200 whether entries were posted or not, one confirmation for each with a log. Confirmations are matched by what they refer to;
/// an entry without a whole one is unknown.
/// </summary>
public sealed class JournalEntryAnswers(S4HanaOptions options)
{
    static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 32 * 1024 * 1024 };

    /// <param name="keys">The entries of the message.</param>
    /// <param name="retryAfter">What the answer asks for.</param>
    public IReadOnlyList<ErpAnswer> Of(int status, string body, TimeSpan? retryAfter, IReadOnlyList<string> keys)
    {
        if (OfStatus(status, body, retryAfter) is { } whole) return [.. keys.Select(_ => whole)];
        var (confirmations, fault) = Read(body);
        return [.. keys.Select(key => confirmations.TryGetValue(key, out var found) ? OfConfirmation(status, found)
            : new ErpAnswer(ErpOutcome.Unknown, status, fault is null ? "NO_CONFIRMATION" : "ANSWER_UNREADABLE", fault ?? "the answer has no confirmation for it"))];
    }

    /// <summary>What the status says of the whole message, or null when the body decides.</summary>
    public static ErpAnswer? OfStatus(int status, string body, TimeSpan? retryAfter) => status switch
    {
        200 when Fault(body) is { } fault => new(ErpOutcome.Unknown, status, "SOAP_FAULT", fault),
        200 => null,
        401 or 403 => new(ErpOutcome.Unauthorized, status, $"HTTP_{status}", "the communication user is not accepted"),
        429 or 503 => new(ErpOutcome.Throttled, status, $"HTTP_{status}", "SAP asks to be left alone") { RetryAfter = retryAfter },
        _ => Fault(body) is { } fault ? new(ErpOutcome.Unknown, status, "SOAP_FAULT", fault) : new(ErpOutcome.Unknown, status, $"HTTP_{status}"),
    };

    ErpAnswer OfConfirmation(int status, IReadOnlyList<XElement> confirmations)
    {
        // A confirmation may come twice; two that do not say the same prove nothing.
        var answers = confirmations.Select(c => OfConfirmation(status, c)).Distinct().ToList();
        return answers.Count == 1 ? answers[0] : new(ErpOutcome.Unknown, status, "CONTRADICTION", "there are several confirmations that differ");
    }

    ErpAnswer OfConfirmation(int status, XElement confirmation)
    {
        var made = Child(confirmation, "JournalEntryCreateConfirmation");
        var number = Text(made, "AccountingDocument");
        var posted = number.Trim('0').Length > 0;
        var log = Child(confirmation, "Log");
        var severity = Text(log, "MaximumLogItemSeverityCode");
        var notes = Notes(log);
        var detail = string.Join("; ", notes.Select(n => $"{n.Type} {n.Text}"));
        if (posted && severity is "" or "1" or "2") return new(ErpOutcome.Created, status, Detail: detail, ErpId: $"{Text(made, "CompanyCode")}/{number}/{Text(made, "FiscalYear")}");
        if (posted || severity is not "3") return new(ErpOutcome.Unknown, status, "CONTRADICTION", $"severity {severity}, document '{number}': {detail}");
        return OfRefusal(status, notes, detail);
    }

    ErpAnswer OfRefusal(int status, IReadOnlyList<(string Type, string Text)> notes, string detail)
    {
        if (Holds(options.ClosedPeriodTexts)) return new(ErpOutcome.PeriodClosed, status, "PERIOD_CLOSED", detail);
        if (Holds(options.DuplicateTexts)) return new(ErpOutcome.Duplicate, status, "DUPLICATE", detail);
        if (Holds(options.LockTexts)) return new(ErpOutcome.Unknown, status, "LOCKED", detail);
        // The first item only says that there is an error; the causes follow.
        var cause = notes.FirstOrDefault(n => n.Type is not ("609(RW)" or "")).Type;
        return new(ErpOutcome.Validation, status, cause ?? "VALIDATION", detail);

        bool Holds(IReadOnlyList<string> patterns) => notes.Any(n => patterns.Any(p => n.Text.Contains(p, StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>The whole confirmations of an answer, also of one that breaks off, by the entries that they refer to; and why it cannot be read to its end.</summary>
    static (Dictionary<string, List<XElement>>, string? Fault) Read(string body)
    {
        var found = new Dictionary<string, List<XElement>>(StringComparer.Ordinal);
        try
        {
            using var reader = XmlReader.Create(new StringReader(body), Settings);
            reader.MoveToContent();
            while (!reader.EOF)
            {
                if (reader.NodeType != XmlNodeType.Element || reader.LocalName != "JournalEntryCreateConfirmation") reader.Read();
                else if (XNode.ReadFrom(reader) is XElement entry && Text(Child(entry, "MessageHeader"), "ReferenceID") is { Length: > 0 } key)
                {
                    if (!found.TryGetValue(key, out var entries)) found[key] = entries = [];
                    entries.Add(entry);
                }
            }
            return (found, null);
        }
        catch (XmlException e)
        {
            return (found, e.Message);
        }
    }

    static string? Fault(string body)
    {
        try
        {
            using var reader = XmlReader.Create(new StringReader(body), Settings);
            while (reader.Read())
            {
                if (reader.NodeType != XmlNodeType.Element || reader.LocalName != "Fault" || XNode.ReadFrom(reader) is not XElement fault) continue;
                return (fault.Descendants().FirstOrDefault(e => e.Name.LocalName is "faultstring" or "Text") ?? fault).Value;
            }
            return null;
        }
        catch (XmlException)
        {
            // What is no XML holds no fault; the reader of confirmations says what is wrong with it.
            return null;
        }
    }

    static IReadOnlyList<(string Type, string Text)> Notes(XElement? log) =>
        [.. (log?.Elements() ?? []).Where(e => e.Name.LocalName == "Item").Select(i => (Text(i, "TypeID"), Text(i, "Note").Replace('\0', ' ')))];

    static XElement? Child(XElement? parent, string name) => parent?.Elements().FirstOrDefault(e => e.Name.LocalName == name);

    static string Text(XElement? parent, string name) => Child(parent, name)?.Value.Trim() ?? "";
}
