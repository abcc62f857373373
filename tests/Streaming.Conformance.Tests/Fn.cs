using System.Globalization;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>What the cases share: java/Fn.java, to the letter.</summary>
static class Fn
{
    public static string Text(string? value) => value ?? "null";

    /// <summary>"a:17" is 17.</summary>
    public static int Number(string? value) => value is null ? 0 : int.Parse(value.AsSpan(2), CultureInfo.InvariantCulture);

    /// <summary>"a:17" is "a"; null where there is no value, and for the letter z.</summary>
    public static string? Letter(string? value) => value is null || value.StartsWith('z') ? null : value[..1];

    public static bool Odd(string? value) => Number(value) % 2 != 0;

    public static string Join(string? left, string? right) => Text(left) + "+" + Text(right);

    /// <summary>Order shows.</summary>
    public static string Chain(string? aggregate, string? value) => Text(aggregate) + "," + Text(value);

    /// <summary>Order shows; a value of z ends the aggregate.</summary>
    public static string? Append(string? aggregate, string? value) => value is not null && value.StartsWith('z') ? null : Chain(aggregate, value);
}
