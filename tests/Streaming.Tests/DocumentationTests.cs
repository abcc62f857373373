using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Streams.Testing;

namespace Streams.Streaming.Tests;

/// <summary>Each C# block of docs/streaming.md compiles as a program of its own; those not marked "compile" run, and print the text block behind them.</summary>
public sealed partial class DocumentationTests
{
    private const string Frame =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.Linq;
        global using System.Threading.Tasks;
        global using Streams.Streaming;
        global using Streams.Streaming.Dsl;
        global using Streams.Streaming.SerDes;
        global using Streams.Streaming.State;

        /// <summary>Stands before System's: programs print here.</summary>
        public static class Console
        {
            public static readonly System.Text.StringBuilder Printed = new();

            public static void WriteLine(object line) => Printed.Append(line).Append('\n');
        }
        """;

    private static readonly List<MetadataReference> References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    public static TheoryData<int> Lines => [.. Blocks().Select(b => b.Line)];

    [Fact]
    public void The_page_has_examples_of_every_part() => Assert.InRange(Blocks().Count(b => b.Runs), 11, 100);

    [Theory]
    [MemberData(nameof(Lines))]
    public void An_example_does_what_the_page_says(int line)
    {
        var block = Blocks().Single(b => b.Line == line);
        var program = Compile(block.Code, $"Example{line}");
        if (!block.Runs)
            return;
        program.EntryPoint!.Invoke(null, program.EntryPoint.GetParameters().Length == 0 ? null : [Array.Empty<string>()]);
        Assert.Equal(block.Output, $"{program.GetType("Console")!.GetField("Printed")!.GetValue(null)}".TrimEnd());
    }

    private static Assembly Compile(string code, string name)
    {
        var options = new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable);
        var compilation = CSharpCompilation.Create(name, [CSharpSyntaxTree.ParseText(Frame), CSharpSyntaxTree.ParseText(code)], References, options);
        using var bytes = new MemoryStream();
        var result = compilation.Emit(bytes);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
        bytes.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(bytes);
    }

    private static List<Block> Blocks()
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "streaming.md"));
        return [.. Fence().Matches(text).Select(m => new Block(
            text.AsSpan(0, m.Index).Count('\n') + 1, m.Groups["code"].Value, !m.Groups["compile"].Success, m.Groups["output"].Value.TrimEnd()))];
    }

    [GeneratedRegex("^```csharp(?<compile> compile)?\n(?<code>.*?)^```\n(```text\n(?<output>.*?)^```\n)?", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Fence();

    private sealed record Block(int Line, string Code, bool Runs, string Output);
}
