using Streams.Rating.Meters;

namespace Streams.Rating.Contracts;

/// <summary>What a gauge shows between the start of a window and its first event there.</summary>
public enum GapPolicy
{
    /// <summary>The level that it stood at when the window before ended.</summary>
    Hold,

    /// <summary>Zero.</summary>
    Zero,
}

/// <summary>Something that is measured, e.g. api.requests in requests, sold as part of a product.</summary>
public sealed record Meter
{
    /// <exception cref="ContractFaultException">The definition is not one.</exception>
    public Meter(string unit, string product, MeterDefinition definition, GapPolicy gapPolicy = GapPolicy.Hold) =>
        (Unit, Product, Usage, GapPolicy) = (unit, product, UsageMeter.Compile(definition), gapPolicy);

    public string Id => Definition.Id;

    public string Unit { get; }

    public string Product { get; }

    public MeterDefinition Definition => Usage.Definition;

    /// <summary>The definition, ready to read events.</summary>
    public UsageMeter Usage { get; }

    public GapPolicy GapPolicy { get; }
}
