using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Schemas;

namespace Streams.Rating.Tests.Oracle;

/// <summary>
/// A random contract with grants of units, and what becomes of its usage: known in time, late, cancelled or changed; periods closed, corrected, voided and billed again.
/// </summary>
sealed class RandomCorrections
{
    /// <summary>A usage entry, and at which steps it is known.</summary>
    readonly record struct Known(JsonObject Entry, int Since, int? Until);

    readonly Random _random;
    readonly JsonObject _file;
    readonly List<Known> _usage = [];
    readonly JsonArray _steps = [];
    readonly Agreement _agreement;
    readonly int _periods;

    public RandomCorrections(int seed)
    {
        _random = new(seed);
        (_file, var usage) = new RandomContracts(seed).Next();
        RandomGrants.Add(_random, _file, usage);
        var book = ContractFile.Load(Encoding.UTF8.GetBytes(_file.ToJsonString()));
        _agreement = Agreement.Of(book, book.Contracts["k"]);
        // Usage that nothing prices is in no period of the contract.
        var priced = usage.Select(u => u!.AsObject()).Where(u => book.Find("acme", (string)u["meter"]!, At(u)).Found).ToList();
        _periods = priced.Count == 0 ? 1 : _agreement.OrdinalOf(new(priced.Max(u => At(u).Micros))) + 1;
        Steps();
        foreach (var entry in priced) Disturb(entry);
    }

    /// <summary>Documents of corrections, and grants that moved.</summary>
    public int Corrected { get; private set; }

    /// <summary>Lines of them whose covered units changed.</summary>
    public int Moved { get; private set; }

    static Timestamp At(JsonObject entry) => Timestamp.From(DateTimeOffset.Parse((string)entry["at"]!, CultureInfo.InvariantCulture));

    void Steps()
    {
        var voided = new List<int>();
        for (var n = 0; n < _periods; n++)
        {
            _steps.Add(new JsonObject { ["do"] = "close" });
            for (var corrections = n == _periods - 1 ? 3 : _random.Next(3); corrections > 0; corrections--)
            {
                if (_random.Next(4) == 0) Void(voided, n + 1);
                _steps.Add(new JsonObject { ["do"] = "correct", ["first"] = _random.Next(n + 1), ["at"] = In(n, 4 - corrections).ToString() });
            }
        }
    }

    void Void(List<int> voided, int closed)
    {
        var period = _random.Next(closed);
        var isVoid = voided.Remove(period);
        if (!isVoid) voided.Add(period);
        _steps.Add(new JsonObject { ["do"] = isVoid ? "rebill" : "void", ["period"] = period });
    }

    /// <summary>A time in the period that is open behind a closed one; each correction's is behind the one before.</summary>
    Timestamp In(int closed, int share)
    {
        if (!_agreement.Has(closed + 1)) return _agreement.Period(closed).InForce.End;
        var open = _agreement.Period(closed + 1).InForce;
        return new(open.Start.Micros + (open.End.Micros - open.Start.Micros) / 5 * share);
    }

    /// <summary>Late, cancelled, or changed at any step, also before its period is closed.</summary>
    void Disturb(JsonObject entry)
    {
        var since = _random.Next(3) == 0 ? _random.Next(_steps.Count) : 0;
        if (_random.Next(3) > 0)
        {
            _usage.Add(new(entry, since, null));
            return;
        }
        var until = since + 1 + _random.Next(_steps.Count);
        _usage.Add(new(entry, since, until));
        if (_random.Next(2) == 0) return;
        var other = (JsonObject)entry.DeepClone();
        other["quantity"] = _random.Next(90).ToString(CultureInfo.InvariantCulture);
        _usage.Add(new(other, until, null));
    }

    /// <summary>What the other implementation is given: the file, the usage and the steps, with the documents that they made here.</summary>
    public JsonObject Played()
    {
        var documents = new JsonArray();
        var engine = new InvoicingEngine(_agreement);
        var (opening, state) = engine.Start();
        if (opening is not null) documents.Add(Shown(opening));
        for (var i = 0; i < _steps.Count; i++)
        {
            var step = _steps[i]!;
            state = InvoicingStateJson.Read(InvoicingStateJson.Write(state));
            var known = Entries(i);
            var run = new ContractRun(_agreement, known, null, explain: false);
            switch ((string)step["do"]!)
            {
                case "close":
                    state = Closed(engine, state, run, known, documents);
                    break;
                case "correct":
                    state = Correct(engine, state, run, step, documents);
                    break;
                default:
                    state = InvoicingEngine.Void(state, (int)step["period"]!, (string)step["do"]! == "void");
                    break;
            }
        }
        return new() { ["file"] = _file.DeepClone(), ["usage"] = new JsonArray([.. _usage.Select(Shown)]), ["steps"] = _steps.DeepClone(), ["ours"] = documents };
    }

    List<UsageEntry> Entries(int step)
    {
        var known = _usage.Where(u => u.Since <= step && !(u.Until <= step)).Select(u => u.Entry.DeepClone());
        return [.. UsageFile.Parse(Encoding.UTF8.GetBytes(new JsonArray([.. known]).ToJsonString())).Entries];
    }

    InvoicingState Closed(InvoicingEngine engine, InvoicingState state, ContractRun run, List<UsageEntry> known, JsonArray documents)
    {
        var period = _agreement.Period(state.Next).InForce;
        if (_agreement.Contract.Versions.Any(v => v.Threshold is not null))
        {
            foreach (var at in known.Select(u => u.At).Where(period.Contains).Distinct().Order())
            {
                var reached = engine.Threshold(state, run.Usage(state.Next, new(at.Micros + 1)), at);
                state = reached.State;
                if (reached.Document is { } threshold) documents.Add(Shown(threshold));
            }
        }
        (var document, state) = engine.Close(state, run.Usage(state.Next, period.End));
        documents.Add(Shown(document!));
        return state;
    }

    InvoicingState Correct(InvoicingEngine engine, InvoicingState state, ContractRun run, JsonNode step, JsonArray documents)
    {
        var usage = state.Closed.Where(c => c.Ordinal >= (int)step["first"]!).ToDictionary(c => c.Ordinal, c => run.Usage(c.Ordinal, _agreement.Period(c.Ordinal).InForce.End));
        var at = Timestamp.From(DateTimeOffset.Parse((string)step["at"]!, CultureInfo.InvariantCulture));
        var corrected = engine.Correct(state, usage, at);
        foreach (var document in corrected.Documents) documents.Add(Shown(document));
        Corrected += corrected.Documents.Count;
        Moved += corrected.Documents.SelectMany(d => d.Lines).Count(l => !l.Covered.IsZero);
        Assert.Empty(engine.Correct(corrected.State, usage, at).Documents);
        return corrected.State;
    }

    static JsonObject Shown(Known usage)
    {
        var entry = (JsonObject)usage.Entry.DeepClone();
        (entry["since"], entry["until"]) = (usage.Since, usage.Until);
        return entry;
    }

    static JsonObject Shown(InvoiceDocument document) => ContractOracleTests.Shown(document);
}
