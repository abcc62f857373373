using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Invoicing;

/// <summary>States as JSON: numbers as texts, times in microseconds. Equal states have equal bytes, and what is read is what was written.</summary>
public static class InvoicingStateJson
{
    const int Version = 1;

    public static byte[] Write(InvoicingState state)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer))
        {
            var write = new StateWriter(json);
            json.WriteStartObject();
            json.WriteNumber("format", Version);
            json.WriteString("contract", state.Contract);
            json.WriteNumber("next", state.Next);
            json.WriteBoolean("ended", state.Ended);
            write.Map("accumulated", state.Accumulated, write.Accumulated);
            write.List("advance", state.Advance, write.Line);
            write.Open("open", state.Open);
            write.Credits("credits", state.Credits);
            json.WriteStartObject("unitCredits");
            foreach (var (meter, credits) in state.UnitCredits) write.Credits(meter, credits);
            json.WriteEndObject();
            json.WriteStartObject("granted");
            foreach (var (grant, times) in state.Granted) json.WriteNumber(grant, times);
            json.WriteEndObject();
            write.Number("carried", state.Carried);
            write.Numbers("fees", state.Fees);
            write.Number("lifetimeSpent", state.LifetimeSpent);
            write.List("closed", state.Closed, write.Closed);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="FormatException">Not such a state, or one of another format.</exception>
    public static InvoicingState Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = new StateReader(document.RootElement);
            if (root.Int("format") != Version) throw new FormatException($"The state has format {root.Int("format")}, {Version} is known");
            return new()
            {
                Contract = root.Text("contract"), Next = root.Int("next"), Ended = root.Flag("ended"), Accumulated = root.Map("accumulated", StateReader.Accumulated),
                Advance = root.List("advance", StateReader.Line), Open = StateReader.Open(root.Object("open")), Credits = StateReader.Credits(root.Object("credits")),
                UnitCredits = root.Map("unitCredits", StateReader.Credits), Granted = root.Map("granted", g => g.AsInt()), Carried = root.Number("carried"), Fees = root.Numbers("fees"),
                LifetimeSpent = root.Number("lifetimeSpent"), Closed = root.List("closed", StateReader.Closed),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or OverflowException or ArgumentException)
        {
            throw new FormatException($"The state of a contract's invoicing is malformed: {e.Message}", e);
        }
    }
}

readonly struct StateWriter(Utf8JsonWriter json)
{
    readonly Utf8JsonWriter _json = json;

    public void Number(string name, Exact value) => _json.WriteString(name, value.ToString());

    public void Numbers(string name, ImmutableSortedDictionary<string, Exact> values)
    {
        _json.WriteStartObject(name);
        foreach (var (key, value) in values) Number(key, value);
        _json.WriteEndObject();
    }

    public void Map<T>(string name, ImmutableSortedDictionary<string, T> values, Action<T> write)
    {
        _json.WriteStartObject(name);
        foreach (var (key, value) in values)
        {
            _json.WritePropertyName(key);
            write(value);
        }
        _json.WriteEndObject();
    }

    public void List<T>(string name, IReadOnlyList<T> values, Action<T> write)
    {
        _json.WriteStartArray(name);
        foreach (var value in values) write(value);
        _json.WriteEndArray();
    }

    public void Accumulated(Accumulated value)
    {
        _json.WriteStartObject();
        _json.WriteNumber("year", value.Year);
        Number("quantity", value.Quantity);
        Number("billed", value.Billed);
        _json.WriteEndObject();
    }

    public void Open(string name, OpenPeriod open)
    {
        _json.WriteStartObject(name);
        _json.WriteNumber("thresholds", open.Thresholds);
        Map("parts", open.Parts, Part);
        Numbers("coupons", open.Coupons);
        Numbers("openingCoupons", open.OpeningCoupons);
        Number("net", open.Net);
        if (open.Units.Count > 0) List("units", open.Units, Paid);
        Number("spent", open.Spent);
        _json.WriteEndObject();
    }

    void Part(BilledPart part)
    {
        _json.WriteStartObject();
        Number("quantity", part.Quantity);
        Number("covered", part.Covered);
        Number("amount", part.Amount);
        _json.WriteEndObject();
    }

    public void Line(InvoiceLine line)
    {
        _json.WriteStartObject();
        _json.WriteString("key", line.Key);
        _json.WriteNumber("kind", (int)line.Kind);
        _json.WriteString("charge", line.Charge);
        _json.WriteString("product", line.Product);
        _json.WriteString("description", line.Description);
        _json.WriteString("meter", line.Meter);
        _json.WriteString("unit", line.Unit);
        _json.WriteNumber("from", line.Service.Start.Micros);
        _json.WriteNumber("to", line.Service.End.Micros);
        _json.WriteNumber("version", line.Version);
        Number("quantity", line.Quantity);
        Number("covered", line.Covered);
        Number("unrounded", line.Unrounded);
        Number("amount", line.Amount);
        List("tax", line.TaxPercents, NumberValue);
        _json.WriteEndObject();
    }

    void NumberValue(Exact value) => _json.WriteStringValue(value.ToString());

    public void Closed(ClosedPeriod closed)
    {
        _json.WriteStartObject();
        _json.WriteNumber("ordinal", closed.Ordinal);
        _json.WriteString("document", closed.Document);
        _json.WriteNumber("corrections", closed.Corrections);
        if (closed.Voided) _json.WriteBoolean("voided", true);
        Map("before", closed.Before, Accumulated);
        List("advanceBefore", closed.AdvanceBefore, Line);
        List("advanceBilled", closed.AdvanceBilled, Line);
        Numbers("covered", closed.Covered);
        if (closed.Units.Count > 0) List("units", closed.Units, Paid);
        Numbers("couponsBefore", closed.CouponsBefore);
        List("lines", closed.Lines, Line);
        Sums(closed.Sums);
        _json.WriteEndObject();
    }

    void Paid(PaidUnits paid)
    {
        _json.WriteStartObject();
        _json.WriteString("meter", paid.Meter);
        _json.WriteString("usage", paid.Usage);
        List("burns", paid.Burns, Burn);
        _json.WriteEndObject();
    }

    void Burn(UnitBurn burn)
    {
        _json.WriteStartObject();
        _json.WriteString("line", burn.Key);
        _json.WriteString("grant", burn.Grant);
        Number("units", burn.Units);
        _json.WriteEndObject();
    }

    void Sums(DocumentSums sums)
    {
        _json.WriteStartObject("sums");
        Number("subTotal", sums.SubTotal);
        List("coupons", sums.Coupons, Coupon);
        Number("couponTotal", sums.CouponTotal);
        Number("adjustment", sums.Adjustment);
        Number("tax", sums.Tax);
        _json.WriteEndObject();
    }

    void Coupon(CouponUse use)
    {
        _json.WriteStartObject();
        _json.WriteString("coupon", use.Coupon);
        Number("amount", use.Amount);
        _json.WriteEndObject();
    }

    public void Credits(string name, CreditState credits)
    {
        _json.WriteStartObject(name);
        _json.WriteNumber("at", credits.At.Micros);
        List("grants", credits.Grants, Held);
        Number("overage", credits.Overage);
        Number("lapsed", credits.Lapsed);
        _json.WriteEndObject();
    }

    void Held(HeldGrant held)
    {
        var grant = held.Terms;
        _json.WriteStartObject();
        _json.WriteString("id", grant.Id);
        Number("amount", grant.Amount);
        _json.WriteNumber("priority", grant.Priority);
        _json.WriteNumber("kind", (int)grant.Kind);
        Number("costBasis", grant.CostBasis);
        _json.WriteNumber("created", grant.CreatedAt.Micros);
        _json.WriteNumber("effective", grant.EffectiveAt.Micros);
        if (grant.ExpiresAt is { } expires) _json.WriteNumber("expires", expires.Micros);
        if (grant.VoidedAt is { } voided) _json.WriteNumber("voided", voided.Micros);
        if (grant.Rollover is { } rollover) List("rollOver", [rollover.Minimum, rollover.Maximum], NumberValue);
        if (grant.Successor is { } successor) _json.WriteString("successor", successor);
        Number("balance", held.Balance);
        Number("carried", held.Carried);
        _json.WriteBoolean("active", held.Active);
        if (held.Ended) _json.WriteBoolean("ended", true);
        _json.WriteEndObject();
    }
}

readonly struct StateReader(JsonElement json)
{
    readonly JsonElement _json = json;

    public string Text(string name) => _json.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null");

    string? MaybeText(string name) => _json.TryGetProperty(name, out var value) ? value.GetString() : null;

    public int Int(string name) => _json.GetProperty(name).GetInt32();

    public int AsInt() => _json.GetInt32();

    public bool Flag(string name) => _json.GetProperty(name).GetBoolean();

    bool MaybeFlag(string name) => _json.TryGetProperty(name, out var value) && value.GetBoolean();

    Timestamp Time(string name) => new(_json.GetProperty(name).GetInt64());

    Timestamp? MaybeTime(string name) => _json.TryGetProperty(name, out var value) ? new Timestamp(value.GetInt64()) : null;

    public Exact Number(string name) => Exact.ParseStored(Text(name));

    Exact AsNumber() => Exact.ParseStored(_json.GetString() ?? throw new FormatException("a number is null"));

    public StateReader Object(string name) => new(_json.GetProperty(name));

    public ImmutableSortedDictionary<string, Exact> Numbers(string name) => Map(name, v => v.AsNumber());

    public ImmutableSortedDictionary<string, T> Map<T>(string name, Func<StateReader, T> read) =>
        _json.GetProperty(name).EnumerateObject().ToImmutableSortedDictionary(p => p.Name, p => read(new(p.Value)), StringComparer.Ordinal);

    public IReadOnlyList<T> List<T>(string name, Func<StateReader, T> read) => [.. _json.GetProperty(name).EnumerateArray().Select(i => read(new(i)))];

    IReadOnlyList<T> MaybeList<T>(string name, Func<StateReader, T> read) => _json.TryGetProperty(name, out _) ? List(name, read) : [];

    public static Accumulated Accumulated(StateReader r) => new(r.Int("year"), r.Number("quantity"), r.Number("billed"));

    public static OpenPeriod Open(StateReader r) => new()
    {
        Thresholds = r.Int("thresholds"), Parts = r.Map("parts", p => new BilledPart(p.Number("quantity"), p.Number("covered"), p.Number("amount"))), Coupons = r.Numbers("coupons"),
        OpeningCoupons = r.Numbers("openingCoupons"), Net = r.Number("net"), Units = r.MaybeList("units", Paid), Spent = r.Number("spent"),
    };

    static PaidUnits Paid(StateReader r) => new(r.Text("meter"), r.Text("usage"), r.List("burns", b => new UnitBurn(b.Text("line"), b.Text("grant"), b.Number("units"))));

    public static InvoiceLine Line(StateReader r) => new(r.Text("key"), (LineKind)r.Int("kind"), r.Text("charge"))
    {
        Product = r.Text("product"), Description = r.Text("description"), Meter = r.MaybeText("meter"), Unit = r.MaybeText("unit"), Service = new(r.Time("from"), r.Time("to")),
        Version = r.Int("version"), Quantity = r.Number("quantity"), Covered = r.Number("covered"), Unrounded = r.Number("unrounded"), Amount = r.Number("amount"),
        TaxPercents = r.List("tax", t => t.AsNumber()),
    };

    public static ClosedPeriod Closed(StateReader r) => new()
    {
        Ordinal = r.Int("ordinal"), Document = r.Text("document"), Corrections = r.Int("corrections"), Voided = r.MaybeFlag("voided"), Before = r.Map("before", Accumulated), AdvanceBefore = r.List("advanceBefore", Line),
        AdvanceBilled = r.List("advanceBilled", Line), Covered = r.Numbers("covered"), Units = r.MaybeList("units", Paid), CouponsBefore = r.Numbers("couponsBefore"), Lines = r.List("lines", Line), Sums = Sums(r.Object("sums")),
    };

    static DocumentSums Sums(StateReader r) => new(r.Number("subTotal"), r.List("coupons", c => new CouponUse(c.Text("coupon"), c.Number("amount"))), r.Number("couponTotal"), r.Number("adjustment"), r.Number("tax"));

    public static CreditState Credits(StateReader r) => new(r.Time("at"), r.List("grants", Held), r.Number("overage"), r.Number("lapsed"));

    static HeldGrant Held(StateReader r)
    {
        var rollover = r._json.TryGetProperty("rollOver", out _) ? r.List("rollOver", v => v.AsNumber()) : null;
        var grant = new Grant(r.Text("id"), r.Number("amount"))
        {
            Priority = r.Int("priority"), Kind = (GrantKind)r.Int("kind"), CostBasis = r.Number("costBasis"), CreatedAt = r.Time("created"), EffectiveAt = r.Time("effective"),
            ExpiresAt = r.MaybeTime("expires"), VoidedAt = r.MaybeTime("voided"), Rollover = rollover is null ? null : new(rollover[0], rollover[1]), Successor = r.MaybeText("successor"),
        };
        return new(grant, r.Number("balance"), r.Number("carried"), r.Flag("active")) { Ended = r.MaybeFlag("ended") };
    }
}
