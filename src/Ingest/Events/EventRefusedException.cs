namespace Streams.Ingest.Events;

/// <summary>One event breaks a rule: which (a stable code), in which field, and why in words. The event is not published.</summary>
public sealed class EventRefusedException(string code, string field, string reason) : Exception($"{field} {reason}")
{
    /// <summary>One of <see cref="RefusalCodes"/>.</summary>
    public string Code { get; } = code;

    /// <summary>The field as the sender knows it, e.g. data.quantity.</summary>
    public string Field { get; } = field;

    /// <summary>What is wrong with it; never repeats the value.</summary>
    public string Reason { get; } = reason;
}
