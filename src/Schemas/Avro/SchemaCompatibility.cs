using System.Globalization;

namespace Streams.Schemas.Avro;

/// <summary>
/// Confluent's compatibility modes. Backward: the new schema reads data of older ones (upgrade consumers first). Forward: older schemas read data of the new one
/// (upgrade producers first). Full: both. The transitive modes look at all previous schemas, the others at the latest.
/// </summary>
public enum CompatibilityMode { None, Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive }

/// <summary>Why data of one schema cannot be read with another.</summary>
public enum IncompatibilityKind { NameMismatch, FixedSizeMismatch, DecimalMismatch, MissingEnumSymbols, ReaderFieldMissingDefaultValue, TypeMismatch, MissingUnionBranch }

/// <summary>One reason why two schemas are not compatible.</summary>
/// <param name="Kind">The rule that is broken.</param>
/// <param name="Path">The place in the reader's schema, e.g. UsageEvent.dimensions{}: fields behind dots, [] items, {} values, |type a union's branch.</param>
/// <param name="Message">What is wrong, naming the values.</param>
/// <param name="PreviousIndex">The index of the previous schema, oldest first, that the new one clashes with.</param>
/// <param name="NewSchemaReads">True when the new schema cannot read the previous one's data (backward), false when the reverse (forward).</param>
public sealed record Incompatibility(IncompatibilityKind Kind, string Path, string Message, int PreviousIndex, bool NewSchemaReads)
{
    /// <summary>One line for a person.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(NewSchemaReads ? "the new schema cannot read data of" : "the new schema's data cannot be read with")} previous schema {PreviousIndex + 1}: {Path}: {Message}");
}

/// <summary>Checks whether a schema may follow others in a subject.</summary>
public static class SchemaCompatibility
{
    /// <summary>The reasons why <paramref name="newSchema"/> may not follow <paramref name="previousOldestFirst"/>; empty when it may.</summary>
    public static IReadOnlyList<Incompatibility> Check(CompatibilityMode mode, AvroSchema newSchema, IReadOnlyList<AvroSchema> previousOldestFirst)
    {
        var found = new List<Incompatibility>();
        if (mode == CompatibilityMode.None || previousOldestFirst.Count == 0) return found;
        var transitive = mode is CompatibilityMode.BackwardTransitive or CompatibilityMode.ForwardTransitive or CompatibilityMode.FullTransitive;
        var backward = mode is not (CompatibilityMode.Forward or CompatibilityMode.ForwardTransitive);
        var forward = mode is not (CompatibilityMode.Backward or CompatibilityMode.BackwardTransitive);
        for (var i = previousOldestFirst.Count - 1; i >= (transitive ? 0 : previousOldestFirst.Count - 1); i--)
        {
            var (index, previous) = (i, previousOldestFirst[i]);
            if (backward) found.AddRange(CanRead(newSchema, previous).Select(r => r with { PreviousIndex = index, NewSchemaReads = true }));
            if (forward) found.AddRange(CanRead(previous, newSchema).Select(r => r with { PreviousIndex = index, NewSchemaReads = false }));
        }
        return found;
    }

    /// <summary>The reasons why not all data of <paramref name="writer"/> can be read with <paramref name="reader"/>; empty when all can.</summary>
    /// <exception cref="AvroException">The schemas are nested too deeply to be compared.</exception>
    public static IReadOnlyList<Incompatibility> CanRead(AvroSchema reader, AvroSchema writer) => new ReadabilityCheck().Run(writer, reader);

    /// <summary>The registry's name of a mode, e.g. BACKWARD_TRANSITIVE.</summary>
    public static string NameOf(CompatibilityMode mode) => Names[(int)mode];

    /// <summary>The mode of a registry's name, in any case.</summary>
    public static bool TryParseMode(string name, out CompatibilityMode mode)
    {
        var index = Array.FindIndex(Names, n => n.Equals(name, StringComparison.OrdinalIgnoreCase));
        mode = index < 0 ? default : (CompatibilityMode)index;
        return index >= 0;
    }

    static readonly string[] Names = ["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"];
}
