namespace Streams.Broker.Planted.Tests;

/// <summary>
/// A bug that is put into the broker on purpose: in one file of src/Broker a piece of text, which must stand there exactly once, is replaced by another.
/// The named test must then fail. So it is proved of each of these checks that it bites.
/// </summary>
/// <param name="Project">The test project, e.g. <c>Broker.Tests</c>.</param>
/// <param name="Test">A part of the full name of the test that catches it.</param>
public sealed record PlantedBug(string Name, string File, string Original, string Replacement, string Project, string Test)
{
    public override string ToString() => Name;
}
