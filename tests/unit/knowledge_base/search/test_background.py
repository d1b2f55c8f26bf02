from knowledge_base.search.background import background_sentences, make_background
from knowledge_base.search.calibration_material import city_faq, out_of_scope


def test_the_background_is_many_different_sentences():
    sentences = background_sentences()
    assert len(sentences) >= 300
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.strip() == sentence for sentence in sentences)


def test_what_calibrates_is_not_what_is_measured_against():
    assert not set(background_sentences()) & set(out_of_scope())


def test_the_calibration_material_is_well_formed():
    faq = city_faq()
    assert len(faq) >= 80
    assert all(question and answer and len(similar) == 4 for question, similar, answer in faq)


def test_without_an_encoder_there_are_no_vectors(encoder):
    assert make_background(None).vectors is None
    background = make_background(encoder)
    assert background.vectors.shape == (len(background.asked), encoder.dimension)
    assert set(background.asked) <= set(background.letters)
