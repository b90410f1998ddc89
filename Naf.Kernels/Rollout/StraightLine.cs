using System.Globalization;
using System.Text;

namespace Naf.Kernels;

/// <summary>
/// Straight-line kernel source in the common dialect, a line an operation; what is constant is computed here, in double, and rounded to float32 once.
/// </summary>
internal sealed class StraightLine
{
    private readonly StringBuilder _text = new();
    private int _names;

    /// <summary>The lines so far.</summary>
    public override string ToString() => _text.ToString();

    /// <summary>A number that is known now.</summary>
    public Term Constant(double value) => new(this, Literal(value), value);

    /// <summary>A number that is read or computed by an expression.</summary>
    public Term Let(string expression)
    {
        string name = $"e{_names++}";
        _text.Append(CultureInfo.InvariantCulture, $"    float {name} = {expression};\n");
        return new Term(this, name, null);
    }

    /// <summary>A line as it is.</summary>
    public void Line(string statement) => _text.Append("    ").Append(statement).Append('\n');

    /// <summary>A float32 literal that comes back exactly.</summary>
    public static string Literal(double value)
    {
        float single = (float)value;
        string text = single.ToString("e8", CultureInfo.InvariantCulture) + "f";
        return single < 0 ? $"({text})" : text;
    }

    /// <summary>A number of the source: its name, and its value where that is constant.</summary>
    internal readonly record struct Term(StraightLine Source, string Text, double? Value)
    {
        public static Term operator +(Term a, Term b) => (a.Value, b.Value) switch
        {
            ({ } x, { } y) => a.Source.Constant(x + y),
            (0, _) => b,
            (_, 0) => a,
            _ => a.Source.Let($"{a.Text} + {b.Text}"),
        };

        public static Term operator -(Term a, Term b) => (a.Value, b.Value) switch
        {
            ({ } x, { } y) => a.Source.Constant(x - y),
            (0, _) => a.Source.Let($"-{b.Text}"),
            (_, 0) => a,
            _ => a.Source.Let($"{a.Text} - {b.Text}"),
        };

        public static Term operator *(Term a, Term b) => (a.Value, b.Value) switch
        {
            ({ } x, { } y) => a.Source.Constant(x * y),
            (0, _) => a,
            (_, 0) => b,
            (1, _) => b,
            (_, 1) => a,
            (-1, _) => a.Source.Let($"-{b.Text}"),
            (_, -1) => a.Source.Let($"-{a.Text}"),
            _ => a.Source.Let($"{a.Text} * {b.Text}"),
        };

        /// <summary>A function of one argument, which is not constant.</summary>
        public Term Apply(string function) => Source.Let($"{function}({Text})");
    }

    /// <summary>A vector of the source.</summary>
    internal readonly record struct Vector(Term X, Term Y, Term Z)
    {
        public static Vector operator +(Vector a, Vector b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);

        public static Vector operator -(Vector a, Vector b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);

        public static Vector operator *(Term s, Vector a) => new(s * a.X, s * a.Y, s * a.Z);

        public static Vector Cross(Vector a, Vector b) => new(a.Y * b.Z - a.Z * b.Y, a.Z * b.X - a.X * b.Z, a.X * b.Y - a.Y * b.X);

        public static Term Dot(Vector a, Vector b) => a.X * b.X + a.Y * b.Y + a.Z * b.Z;

        public Term this[int i] => i switch { 0 => X, 1 => Y, _ => Z };
    }

    /// <summary>A rotation of the source, by its columns.</summary>
    internal readonly record struct Matrix(Vector X, Vector Y, Vector Z)
    {
        public static Vector operator *(Matrix r, Vector v) => v.X * r.X + v.Y * r.Y + v.Z * r.Z;

        public static Matrix operator *(Matrix a, Matrix b) => new(a * b.X, a * b.Y, a * b.Z);

        public Vector Inverse(Vector v) => new(Vector.Dot(X, v), Vector.Dot(Y, v), Vector.Dot(Z, v));

        public Vector this[int i] => i switch { 0 => X, 1 => Y, _ => Z };
    }

    /// <summary>A constant vector.</summary>
    public Vector Constant(Vec3<double> v) => new(Constant(v.X), Constant(v.Y), Constant(v.Z));

    /// <summary>A constant rotation.</summary>
    public Matrix Constant(Mat3<double> r) => new(Constant(r.X), Constant(r.Y), Constant(r.Z));
}
