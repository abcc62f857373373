using System.Text.Json;
using Streams.Schemas;

namespace Streams.ErpSink.Simulator;

/// <summary>What the simulated ERP checks of a record, and how it adds it up: by its own reading of the body, not by the sink's.</summary>
static class SimulatorRules
{
    static readonly ExactDecimal Limit = ExactDecimal.FromInteger(10_000_000_000);

    /// <summary>Why the record is refused, with the path that NetSuite would name, or null.</summary>
    public static (string Detail, string? Path)? Check(string type, JsonElement body, SimulatorOptions options)
    {
        if (type == "customer") return null;
        var entity = NetSuiteSimulator.Reference(body, "entity");
        if (entity is not null && options.RefusedEntities.Contains(entity))
            return ($"Error while accessing a resource. You have entered an Invalid Field Value {entity} for the following field: entity.", "entity");
        if (NetSuiteSimulator.Text(body, "tranDate") is not { Length: 10 } date) return ("Please enter value(s) for: Date.", "tranDate");
        if (options.ClosedPeriods.Contains(date[..7])) return ("Error while accessing a resource. The accounting period is closed.", "postingPeriod");
        return CheckLines(type, body, entity);
    }

    /// <summary>An invoice's amounts, or a journal's debits.</summary>
    public static ExactDecimal Total(string type, JsonElement body) => type == "invoice" ? Sum(body, "item", "amount") : Sum(body, "line", "debit");

    static (string Detail, string? Path)? CheckLines(string type, JsonElement body, string? entity)
    {
        try
        {
            if (type == "invoice")
            {
                if (entity is null) return ("Please enter value(s) for: Customer.", "entity");
                var total = Sum(body, "item", "amount");
                if (total != Sum(body, "item", "rate")) return ("Amount is not quantity times rate.", "item");
                return total < ExactDecimal.Zero || total >= Limit ? ("Invalid amount.", "item") : null;
            }
            return Sum(body, "line", "debit") == Sum(body, "line", "credit") ? null : ("The amounts in the journal entry do not balance.", "line");
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            return ($"Invalid content: {e.Message}", type == "invoice" ? "item" : "line");
        }
    }

    static ExactDecimal Sum(JsonElement body, string list, string amount)
    {
        var sum = ExactDecimal.Zero;
        if (!body.TryGetProperty(list, out var lines)) return sum;
        foreach (var line in lines.GetProperty("items").EnumerateArray())
        {
            if (line.TryGetProperty(amount, out var value)) sum += ExactDecimal.Parse(value.GetRawText());
        }
        return sum;
    }
}
