using System.Text;
using System.Text.Json;
using Streams.Cli.Rating;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Testing;

namespace Streams.Cli.Tests.Rating;

/// <summary>Documents as <c>streams rate preview</c> gets them.</summary>
public sealed class InvoiceDocumentReaderTests
{
    [Fact]
    public void Every_document_of_the_examples_is_read_as_it_was_written()
    {
        var count = 0;
        var folder = Path.Combine(Checkout.Root, "docs", "contracts");
        foreach (var usage in Directory.GetFiles(folder, "*.usage.json"))
        {
            var book = ContractFile.Load(File.ReadAllBytes(usage.Replace(".usage.json", ".json", StringComparison.Ordinal)));
            foreach (var document in ContractCalculator.Run(book, UsageFile.Parse(File.ReadAllBytes(usage)).Entries).Documents)
            {
                using var json = JsonDocument.Parse(InvoiceDocumentJson.Write(document));
                Assert.Equal(Encoding.UTF8.GetString(InvoiceDocumentJson.Write(document)), Encoding.UTF8.GetString(InvoiceDocumentJson.Write(InvoiceDocumentReader.Read(json.RootElement))));
                count++;
            }
        }
        Assert.True(count > 60, $"{count} documents");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"id\": null}")]
    [InlineData("{\"id\": \"x\", \"kind\": \"nothing\"}")]
    public void What_is_none_is_said_to_be_none(string text)
    {
        using var json = JsonDocument.Parse(text);
        Assert.Throws<FormatException>(() => InvoiceDocumentReader.Read(json.RootElement));
    }
}
