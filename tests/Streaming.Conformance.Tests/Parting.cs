using System.Globalization;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>Where ours is meant to do something else with a record than Kafka Streams, so that the states differ from then on: the sequence is compared up to there.</summary>
/// <param name="Reason">Why ours is as it is.</param>
/// <param name="Of">The cases.</param>
/// <param name="IsAt">Of the steps before and a step that Kafka Streams has played: whether it is this one.</param>
sealed record Parting(string Reason, Func<string, bool> Of, Func<IEnumerable<Step>, Step, bool> IsAt)
{
    public static IReadOnlyList<Parting> All { get; } =
    [
        new("A session that has closed stays closed. Kafka Streams adds a late record to it as long as it is kept, and emits it a second time.",
            name => name.StartsWith("session-", StringComparison.Ordinal) && name.EndsWith("-onClose", StringComparison.Ordinal),
            (before, step) =>
            {
                var emitted = before.SelectMany(s => s.Outputs).Select(Window.Of).ToList();
                return step.Outputs.Select(Window.Of).Any(again => emitted.Exists(e => e.Key == again.Key && e.Start <= again.End && again.Start <= e.End));
            }),
        new("A record that is late for all windows it lies in is late, and nothing else comes of it. Kafka Streams still makes the window that begins after it.",
            name => name.StartsWith("sliding-", StringComparison.Ordinal),
            (_, step) => step.Outputs.Count > 0 && step.Outputs.Select(Window.Of).All(w => w.Start > step.Input.Timestamp)),
    ];

    /// <summary>The steps before the two part.</summary>
    public static IEnumerable<Step> Together(string name, IReadOnlyList<Step> steps)
    {
        var partings = All.Where(p => p.Of(name)).ToList();
        return steps.TakeWhile((step, number) => !partings.Exists(p => p.IsAt(steps.Take(number), step)));
    }

    /// <summary>"out", "key@start/end", … of a line.</summary>
    private readonly record struct Window(string Key, long Start, long End)
    {
        public static Window Of(string line)
        {
            var name = line.Split('\t')[1];
            var (at, slash) = (name.LastIndexOf('@'), name.LastIndexOf('/'));
            return new(name[..at], Number(name[(at + 1)..slash]), Number(name[(slash + 1)..]));
        }

        private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
    }
}
