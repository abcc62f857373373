namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>A promise was broken.</summary>
internal sealed class Violation(string what) : Exception(what)
{
    public static void If(bool broken, FormattableString what)
    {
        if (broken) throw new Violation(FormattableString.Invariant(what));
    }
}
