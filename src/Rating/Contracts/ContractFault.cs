namespace Streams.Rating.Contracts;

/// <summary>One thing that is wrong with a definition: where (<paramref name="Path"/>, e.g. $.priceBooks[0].currency), a stable code, and why in words.</summary>
public sealed record ContractFault(string Path, string Code, string Reason)
{
    public override string ToString() => $"{Path}: {Reason} ({Code})";

    /// <summary>The fault of a part, as the whole sees it.</summary>
    internal ContractFault Behind(string part) => this with { Path = part.Length == 0 ? Path : Path.Length == 0 ? part : Path[0] == '[' ? part + Path : $"{part}.{Path}" };
}

/// <summary>A definition was refused: <see cref="Faults"/> holds every fault found, in the order of the text.</summary>
public sealed class ContractFaultException(IReadOnlyList<ContractFault> faults)
    : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<ContractFault> Faults { get; } = faults;
}
