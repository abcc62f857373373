namespace Streams.Simulators;

/// <summary>A program that imports the files of one account of the document repository.</summary>
interface IOracleImport
{
    string DocumentAccount { get; }

    /// <summary>The jobs that a load begins one after the other: the load itself, the import, and what follows it.</summary>
    IReadOnlyList<string> Children { get; }

    /// <summary>What kind of records a file makes, and their document keys.</summary>
    (string Type, IReadOnlyList<string> Keys) Names(string documentContent);

    /// <param name="options">The JobOptions of the request.</param>
    OracleResult Run(string documentContent, string parameters, string options);
}

/// <summary>What an import says of itself.</summary>
/// <param name="Report">The lines of its report.</param>
sealed record OracleResult(string Status, IReadOnlyList<string> Report);
