using Naf.Host.Files;

namespace Naf.Tests;

internal sealed class CsvFileTests : FolderFixture
{
    private string Path => Folder["a.csv"];

    [Test]
    public void Fields_are_written_for_machines()
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };
            using (var csv = CsvFile.Create(Path, "a,b,c,d,e")) csv.Add(1, 0.1, null, "x, \"y\"\nz", ulong.MaxValue);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
        Assert.That(File.ReadAllText(Path), Is.EqualTo("a,b,c,d,e\n1,0.1,,\"x, \"\"y\"\" z\",18446744073709551615\n"));
    }

    [TestCase(1.0 / 3)]
    [TestCase(-0.0)]
    [TestCase(5e-324)]
    public void Numbers_are_read_back_to_the_bit(double value)
    {
        using (var csv = CsvFile.Create(Path, "a")) csv.Add(value);
        double read = double.Parse(File.ReadAllLines(Path)[1], CultureInfo.InvariantCulture);
        Assert.That(BitConverter.DoubleToInt64Bits(read), Is.EqualTo(BitConverter.DoubleToInt64Bits(value)));
    }

    [Test]
    public void Continuing_cuts_what_follows()
    {
        long length;
        string digest;
        using (var csv = CsvFile.Create(Path, "a"))
        {
            csv.Add(1);
            (length, digest) = (csv.Length, csv.Digest);
            csv.Add(2);
        }
        File.AppendAllText(Path, "half a ro");
        string before = File.ReadAllText(Path);
        CsvFile.Continue(Path, length, digest).Dispose();
        Assert.That(File.ReadAllText(Path), Is.EqualTo(before), "opening alone changes nothing");
        using (var csv = CsvFile.Continue(Path, length, digest))
        {
            csv.CutHere();
            csv.Add(3);
        }
        Assert.That(File.ReadAllText(Path), Is.EqualTo("a\n1\n3\n"));
    }

    [Test]
    public void A_file_that_is_not_what_it_was_is_refused()
    {
        string digest;
        using (var csv = CsvFile.Create(Path, "abc")) digest = csv.Digest;
        Assert.That(() => CsvFile.Continue(Path, 5, null), Throws.TypeOf<InvalidDataException>()
            .With.Message.Contains("has 4 bytes where there were 5"));
        File.WriteAllText(Path, "abd\n");
        Assert.That(() => CsvFile.Continue(Path, 4, digest),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("was changed"));
        File.Delete(Path);
        Assert.That(() => CsvFile.Continue(Path, 4, digest),
            Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("a.csv is missing"));
        Assert.That(File.Exists(Path), Is.False, "none is made in its place");
    }

    [Test]
    public void A_full_disk_is_an_error()
    {
        PlaceFullDisk("a.csv");
        Assert.That(() => CsvFile.Create(Path, "a"), Throws.InstanceOf<IOException>());
    }
}
