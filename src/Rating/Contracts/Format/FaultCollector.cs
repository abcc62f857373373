namespace Streams.Rating.Contracts.Format;

/// <summary>Collects faults on the way through a JSON text, so that its writer sees all of them at once.</summary>
sealed class FaultCollector
{
    /// <summary>A file that is wrong throughout need not be told so a million times.</summary>
    public const int MaxFaults = 1000;

    readonly List<ContractFault> _faults = [];

    /// <summary>How many there are, those beyond <see cref="MaxFaults"/> too.</summary>
    public int Count { get; private set; }

    public void Add(string path, string code, string reason) => Add(new(path, code, reason));

    public void Add(ContractFault fault)
    {
        if (Count++ < MaxFaults) _faults.Add(fault);
    }

    /// <exception cref="ContractFaultException">There are faults.</exception>
    public void ThrowIfAny()
    {
        if (Count > MaxFaults) _faults.Add(new("$", "FAULTS_MANY", $"has {Count - MaxFaults} faults more"));
        if (Count > 0) throw new ContractFaultException(_faults);
    }
}
